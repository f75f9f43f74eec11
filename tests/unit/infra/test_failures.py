"""Terraform's own error output, and the one error that a user gets; each case is a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from slipway.infra.failures import MOST_LINES, broken_off, explain, is_locked, problems
from slipway.infra.stacks import service_stack
from slipway.paths import Checkout

from .conftest import service, settings

CASES = sorted((Path(__file__).parents[2] / "cases/infra/failures").glob("*.toml"))


def _read(file: Path) -> Any:
    return tomllib.loads(file.read_text())


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_failure_as_one_error(file: Path, checkout: Checkout) -> None:
    """Class, essential words and next step are what the case says; never a screenful."""
    case = _read(file)
    assert is_locked(case["output"]) is case["locked"]
    stack = service_stack(settings(), service(), "r@sha256:1", checkout)
    error = explain(case["output"], stack, "apply")
    assert type(error).__name__ == case["error"]
    assert error.message.startswith("service greeter in dev: ")
    for words in case["says"]:
        assert words in error.message
    assert error.next_step.startswith(case["next_step"])
    assert "Warning" not in error.message
    assert len(error.message.splitlines()) <= MOST_LINES + 3


@pytest.mark.parametrize(
    ("made", "told"),
    [(2, "2 of 41 changes were applied (a.0, a.1);"), (36, "36 of 41 changes were applied;")],
)
def test_what_was_made_before_a_signal(checkout: Checkout, made: int, told: str) -> None:
    """A few by name; many are a number."""
    stack = service_stack(settings(), service(), "r@sha256:1", checkout)
    stopped = broken_off(stack, [f"a.{n}" for n in range(made)], 41, None, 2)
    assert f"interrupted; {told} the state is saved and not locked" in stopped.message


def test_the_same_error_is_told_once() -> None:
    """Terraform repeats an error for each instance that met it."""
    text = "Error: no route\n\nto host\n\nError: no route\n\nto host\n"
    assert len(problems(text)) == 1
