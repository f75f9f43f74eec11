"""`invoke jobs.run`: the words behind `--`."""

from __future__ import annotations

import pytest
from invoke.config import Config
from invoke.context import Context

from slipway.cli.jobs import words


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (["invoke", "jobs.run", "--job=main"], ()),
        (["invoke", "jobs.run", "--job=main", "--", "--day", "a b"], ("--day", "a b")),
        (["invoke", "jobs.run", "--", "--", "x"], ("--", "x")),
    ],
)
def test_words_arrive_as_the_shell_gave_them(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], found: tuple[str, ...]
) -> None:
    """Invoke joins them by spaces; a word with one in it stays a word."""
    monkeypatch.setattr("sys.argv", argv)
    context = Context(Config(), remainder=" ".join(found))
    assert words(context) == found
