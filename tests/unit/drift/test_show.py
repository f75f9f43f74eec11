"""A report for people, for programs, and for issues."""

from __future__ import annotations

import json
from io import StringIO

import pytest

from slipway.cli.drift import show
from slipway.console import Console
from slipway.drift.model import Finding, Gap, Report

FOUND = Finding(
    of="platform", kind="terraform", text="~ aws_x.a (tags)\n| odd", next_step="do this"
)
MISSED = Gap(of="app", what="scaling", why="AWS refused: DescribeScalableTargets")
REPORT = Report(environment="dev", findings=(FOUND, FOUND), gaps=(MISSED,), looked_at=("platform",))


def printed(report: Report, how: str = "") -> str:
    console = Console(out=StringIO(), err=StringIO())
    show(console, report, as_json=how == "json", as_markdown=how == "markdown")
    assert isinstance(console.out, StringIO)
    return console.out.getvalue()


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(environment="dev"), 0),
        (Report(environment="dev", findings=(FOUND,)), 1),
        (Report(environment="dev", gaps=(MISSED,)), 2),
        (REPORT, 2),
    ],
)
def test_the_exit_code_is_for_ci(report: Report, code: int) -> None:
    """A gap outweighs a difference: nobody should take it for the whole."""
    assert report.exit_code == code
    assert json.loads(printed(report, "json"))["exit_code"] == code


def test_a_gap_is_named_beside_what_was_found() -> None:
    """One call that is not allowed hides nothing else."""
    told = printed(REPORT)
    assert "not looked at: AWS refused: DescribeScalableTargets" in told
    assert "2 differences in platform; 1 could not be looked at" in told


def test_an_issue_gets_a_table() -> None:
    """Cells don't break it, and each step is said once."""
    told = printed(REPORT, "markdown")
    assert told.startswith("## Drift of dev\n")
    assert "| platform | terraform | ~ aws_x.a (tags)<br>\\| odd |" in told
    assert told.count("`do this`") == 1
    assert "| of |" not in printed(Report(environment="dev"), "markdown")
