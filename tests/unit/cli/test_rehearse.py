"""`invoke rehearse`: its flags, its report, its answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway.cli.rehearse import rehearse
from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.rehearse import run
from slipway.rehearse.result import Rehearsal
from slipway.rehearse.run import Wish
from tests.rehearsal import a_rehearsal


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Wish]:
    """What was wished for; every rehearsal goes well. In a checkout of its own."""
    (tmp_path / "slipway.toml").touch()
    monkeypatch.chdir(tmp_path)
    return answering(monkeypatch, a_rehearsal())


def answering(monkeypatch: pytest.MonkeyPatch, done: Rehearsal) -> list[Wish]:
    found: list[Wish] = []

    def held(app: Any, wish: Wish) -> Rehearsal:
        found.append(wish)
        return done

    monkeypatch.setattr(run, "rehearse", held)
    return found


def test_it_ends_with_a_table_and_a_report(
    wishes: list[Wish], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table on stdout; where the report is on stderr, as one types it."""
    assert rehearse.body(Context(), env="staging") == 0
    said = capsys.readouterr()
    assert "crash_on_start" in said.out
    assert "report: .slipway/rehearsals/20261120T120000-abcd.html" in said.err
    assert (tmp_path / ".slipway/rehearsals/20261120T120000-abcd.html").exists()
    assert wishes == [Wish(environment="staging")]


def test_machines_get_json_and_the_report_where_they_want_it(
    wishes: list[Wish], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing else on stdout."""
    file = tmp_path / "here.html"
    flags: dict[str, Any] = {"drill": ("all",), "rate": 10.0, "clock": 5.0, "keep": True}
    rehearse.body(Context(), env="prod", service=("a",), report=file, json=True, **flags)
    data = json.loads(capsys.readouterr().out)
    assert (data["good"], data["report"]) == (True, str(file))
    assert file.exists()
    assert wishes == [
        Wish(environment="prod", services=("a",), drills=("all",), rate=10, clock=5, keep=True)
    ]


def test_the_exit_code_is_the_rehearsals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the verdict, there is a report."""
    (tmp_path / "slipway.toml").touch()
    monkeypatch.chdir(tmp_path)
    done = a_rehearsal()
    candidate = replace(done.candidates[0], verdict=Verdict.ROLLED_BACK, reason="no")
    answering(monkeypatch, replace(done, candidates=(candidate,), drills=()))
    assert rehearse.body(Context(), env="staging") == Verdict.ROLLED_BACK.exit_code
    assert list((tmp_path / ".slipway/rehearsals").iterdir())


def test_a_number_that_is_none_is_refused() -> None:
    """As by every task."""
    with pytest.raises(UsageError, match="--rate=many: not a number"):
        rehearse.values({"env": "staging", "rate": "many"})
