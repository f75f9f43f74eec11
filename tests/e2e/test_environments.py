"""The platform of each environment of this repository, as Terraform makes it of its file."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from slipway.config import load
from slipway.cost.inventory import Inventory
from slipway.cost.resources import Resource
from slipway.infra.stacks import platform_stack
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner

CHECKOUT = Checkout(Path(__file__).parents[2])
CASES = CHECKOUT.root / "tests/cases/infra/environments/counts.toml"
EXPECTED = tomllib.loads(CASES.read_text())


@pytest.mark.e2e
def test_every_environment_is_expected_to_have_something() -> None:
    """A file for each environment, and an expectation for each file."""
    files = (CHECKOUT.infra / "environments").glob("*.tfvars")
    names = {file.name.removesuffix(".tfvars") for file in files}
    assert {name for name in names if not name.endswith(".registry")} == set(EXPECTED)
    assert set(load(CHECKOUT, "local").environments) == set(EXPECTED)


@pytest.mark.e2e
@pytest.mark.parametrize("name", EXPECTED)
def test_an_environment_has_what_its_file_asks_for(name: str) -> None:
    """Gateways, logs, keys and protection, counted after an apply in memory."""
    settings = load(CHECKOUT, name)
    inventory = Inventory(checkout=CHECKOUT, settings=settings, runner=SubprocessRunner())
    (made,) = inventory.made([platform_stack(settings, CHECKOUT)])
    found = made.resources
    kinds = Counter(resource.type for resource in found)
    measured = {key: kinds[key] for key in EXPECTED[name] if key.startswith("aws_")}
    measured["cidr"] = _only(found, "aws_vpc", "cidr_block")
    measured["deletion_protection"] = _only(found, "aws_lb", "enable_deletion_protection")
    assert measured == EXPECTED[name]


def _only(found: Sequence[Resource], kind: str, name: str) -> Any:
    """One value of the one resource of a type."""
    (one,) = (resource for resource in found if resource.type == kind)
    return one.values[name]
