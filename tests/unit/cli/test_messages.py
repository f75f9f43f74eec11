"""docs/errors.md lists every error, and every error ends with a next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway import errors
from slipway.cli.messages import CLASSES, HELP, PAGE, Message, filled, messages
from slipway.paths import find_checkout

SOURCE = find_checkout().root / "src" / "slipway"

CODE = """
raise UsageError(f"{service.name}: no {what!r} at {MOST:.0f}")
raise ToolError("docker: " + reason(error), next_step=SETUP)
raise ToolError(error.message, next_step="{not a row of its own}")
raise InfraError("\\n".join([f"{label}: broken", *lines]), next_step="a" if x else f"b {y.id}")
cause = Cause(title=f"exits{code}", remedy=f"mend {evidence.image}".rstrip())
print("no error")
"""


@pytest.fixture
def found(tmp_path: Path) -> list[Message]:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "some.py").write_text(CODE)
    return list(messages(tmp_path))


def test_the_page_is_up_to_date() -> None:
    """`uv run python -m slipway.cli.messages` writes it."""
    page = (find_checkout().root / PAGE).read_text()
    assert filled(page, SOURCE) == page


def test_what_is_filled_in_has_a_telling_name(found: list[Message]) -> None:
    """Names in braces, constants in words, both ends of a choice."""
    assert [(each.kind, each.text, each.next_step) for each in found] == [
        ("UsageError", "{service}: no {what} at {MOST}", HELP),
        ("ToolError", "docker: {error}", "uv run invoke setup"),
        ("InfraError", "{label}: broken {lines}", "a / b {y}"),
        ("Cause", "exits{code}", "mend {image}"),
    ]
    assert {each.place for each in found} == {"part.some"}


def test_nobody_is_left_without_a_next_step() -> None:
    """Every error in the code says what to do, or its class does."""
    assert len(list(messages(SOURCE))) > 100
    assert not [each for each in messages(SOURCE) if not each.next_step.strip()]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_a_usual_next_step(name: str) -> None:
    """All but that of a wrong command line, where it depends on the task."""
    assert bool(CLASSES[name].usual_next) == (name != "UsageError")


def test_the_usual_next_step_stands_in() -> None:
    """It is said where an error names none of its own."""
    assert str(errors.ToolError("x", next_step="y")) == "x\nnext: y"
    assert str(errors.ToolError("x")) == f"x\nnext: {errors.ToolError.usual_next}"
    assert str(errors.UsageError("x")) == "x"
