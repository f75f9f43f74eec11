"""Which names a service may have."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from slipway.scaffold.names import name_problem

FILE = Path(__file__).parents[2] / "cases" / "scaffold" / "names.toml"
PACKAGES = {"fastapi", "prometheus-client"}


@pytest.mark.parametrize(("name", "reason"), tomllib.loads(FILE.read_text()).items())
def test_name(name: str, reason: str) -> None:
    """A name must do as a folder, in names of resources, and as a Python package of its own."""
    problem = name_problem(name, PACKAGES)
    assert reason in problem
    assert bool(problem) == bool(reason)
