"""`invoke clean`: shown, asked for, and only then done."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from io import StringIO

import pytest
from invoke.context import Context

from slipway.clean.plan import Item
from slipway.cli import clean
from slipway.console import Console
from slipway.errors import UsageError

GOES = Item(
    kind="image",
    place="slipway/app",
    id="sha256:1",
    made=datetime(2026, 11, 1, tzinfo=UTC),
    size=102_000_000,
    label="v1",
)


def test_what_goes_is_shown() -> None:
    """A table, and the sum."""
    console = Console(out=StringIO(), err=StringIO())
    clean.show(console, [GOES], as_json=False)
    assert isinstance(console.out, StringIO)
    told = console.out.getvalue()
    assert "image  slipway/app  v1     2026-11-01  102.0" in told
    assert "to remove: 1 images (102 MB of images)" in told


@pytest.mark.parametrize(("typed", "said"), [("no\n", "no was typed"), ("", "nothing was typed")])
def test_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, typed: str, said: str) -> None:
    """Anything but yes leaves everything as it is."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    with pytest.raises(UsageError, match=said):
        clean.confirm(Console(err=StringIO()), "dev", 1, yes=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    clean.confirm(Console(err=StringIO()), "dev", 1, yes=False)


def test_nobody_is_there_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe it needs --yes, and waits for nobody."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(UsageError, match="nothing was removed") as caught:
        clean.confirm(Console(err=StringIO()), "dev", 1, yes=False)
    assert caught.value.next_step == "add --yes"


@pytest.mark.parametrize("flags", [{"keep": 0}, {"older_than": "soon"}])
def test_flags_that_cant_be_meant(flags: dict[str, object]) -> None:
    """Refused before anything is looked at."""
    with pytest.raises(UsageError, match="clean: --"):
        clean.clean.body(Context(), env="dev", **flags)  # type: ignore[arg-type]
