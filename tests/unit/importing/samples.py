"""The sources under tests/cases/importing, and a checkout to import them into."""

from __future__ import annotations

import shutil
from pathlib import Path

from slipway.importing.sources import Request, variables
from slipway.paths import Checkout
from tests.cases_files import CASES

REAL = Checkout(Path(__file__).parents[3])
SOURCES = sorted((CASES / "importing").glob("*/*"))
"""A folder for each case: what another tool reads, with service.toml and IMPORTED.md as made."""


def checkout_in(folder: Path) -> Checkout:
    """A checkout with this repository's environments, and greeter beside what is imported."""
    place = Checkout(folder)
    (place.services / "greeter").mkdir(parents=True)
    shutil.copy(REAL.config, place.config)
    shutil.copy(REAL.services / "greeter" / "service.toml", place.services / "greeter")
    return place


def request_of(case: Path) -> Request:
    """What a user would pass for a case."""
    env, service = case / "case.env", case / "service.json"
    return Request(
        path=case,
        variables=variables(env) if env.is_file() else {},
        service_definition=service if service.is_file() else None,
    )
