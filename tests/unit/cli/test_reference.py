"""docs/tasks.md is what the code says."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.reference import BEGIN, END, PAGE, filled, manual, publish
from slipway.cli.task import task
from slipway.paths import Checkout, find_checkout


@task(help={"env": "where | to", "kind": "which"}, remainder=True)
def sample(c: Context, *, kind: str = "a", env: str) -> None:
    """Do a thing.

    And more about it,
    over two lines.
    """


def test_the_page_is_up_to_date() -> None:
    """`uv run python -m slipway.cli.reference` writes it."""
    page = (find_checkout().root / PAGE).read_text()
    assert filled(page) == page


def test_a_task_in_the_manual() -> None:
    """Required flags first; a bar does not end the cell; paragraphs are lines."""
    assert list(manual(Collection(sample))) == [
        "## sample\n",
        "Do a thing.\n",
        "And more about it, over two lines.\n",
        "Takes words behind `--`.\n",
        "| flag | meaning |\n|---|---|",
        "| `--env=<text>` | where \\| to (required) |",
        "| `--kind=<text>` | which (default: a) |",
        "",
    ]


def test_publishing_replaces_only_what_is_generated(tmp_path: Path) -> None:
    """What is written around it stays; a second time there is nothing to do."""
    page = tmp_path / PAGE
    page.parent.mkdir()
    page.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n")
    assert publish(Checkout(tmp_path))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale" not in text
    assert not publish(Checkout(tmp_path))
