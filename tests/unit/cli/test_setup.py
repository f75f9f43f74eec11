"""`invoke setup`: what it found, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway.cli.setup import setup
from slipway.errors import ToolError
from slipway.setup.step import Finding, Step

OLD = {"name": "old", "ok": True, "required": True, "found": "1.0 (found)", "remedy": ""}


class Missing:
    """A thing that a set-up can bring."""

    there = False

    def look(self) -> Finding:
        if self.there:
            return Finding(ok=True, found="2.0 (installed)")
        return Finding(ok=False, found="not there", would="install it")

    def mend(self) -> None:
        self.there = True


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """A checkout with one thing that is there and one that is missing."""
    (tmp_path / "slipway.toml").write_text('[project]\nname = "shop"\n')
    monkeypatch.chdir(tmp_path)
    missing = Missing()
    found = [
        Step(name="old", look=lambda: Finding(ok=True, found="1.0 (found)")),
        Step(name="new", look=missing.look, mend=missing.mend),
    ]
    monkeypatch.setattr("slipway.setup.steps.steps", lambda *_: found)
    return found


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_what_was_mended_as_json(steps: list[Step], capsys: pytest.CaptureFixture[str]) -> None:
    """Each as it is in the end; in a dry run with what would be done about it."""
    new = {"name": "new", "required": True}
    setup.body(Context(), dry_run=True, json=True)
    way_out = "uv run invoke setup (install it)"
    assert document(capsys) == [OLD, {**new, "ok": False, "found": "not there", "remedy": way_out}]
    setup.body(Context(), json=True)
    assert document(capsys) == [OLD, {**new, "ok": True, "found": "2.0 (installed)", "remedy": ""}]


def test_what_is_still_missing_as_json(
    steps: list[Step], capsys: pytest.CaptureFixture[str]
) -> None:
    """The document is there before the error is."""
    bad = Step(name="bad", look=lambda: Finding(ok=False, found="none", remedy="buy one"))
    steps[1:] = [bad]
    with pytest.raises(ToolError, match="set-up is not complete: bad"):
        setup.body(Context(), json=True)
    told = {"name": "bad", "ok": False, "required": True, "found": "none", "remedy": "buy one"}
    assert document(capsys) == [OLD, told]
