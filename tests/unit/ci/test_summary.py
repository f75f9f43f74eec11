"""What a job's page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.ci import summary
from slipway.model import Verdict
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome

GOOD = Outcome(verdict=Verdict.DEPLOYED, reason="it serves")
BAD = Outcome(
    verdict=Verdict.ROLLED_BACK,
    reason="ECS went back",
    cause=Cause(title="it crashes | on start", remedy="read its log", lines=("boom",)),
)


def test_verdicts_as_a_table_and_why() -> None:
    """What went well needs no words."""
    page = summary.verdicts("Deploy to dev", {"a": GOOD, "b": BAD}, {"a": "http://a", "b": ""})
    assert page.splitlines() == [
        "## Deploy to dev",
        "",
        "| service | verdict | url |",
        "|---|---|---|",
        "| a | deployed | http://a |",
        "| b | rolled_back |  |",
        "",
        "**b**: ECS went back",
        "",
        "- cause: it crashes | on start",
        "- next: read its log",
    ]


def test_a_cell_is_one_line() -> None:
    """Whatever a tool said."""
    assert list(summary.table(("a",), [["b|c\nd"]]))[-1] == "| b\\|c<br>d |"


def test_pages_are_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several tasks of one job say something; outside of a job nothing is written."""
    monkeypatch.delenv(summary.VARIABLE, raising=False)
    summary.add("nothing")
    monkeypatch.setenv(summary.VARIABLE, str(tmp_path / "page"))
    summary.add("one\n")
    summary.add("two")
    assert (tmp_path / "page").read_text() == "one\n\ntwo\n\n"
