"""The one check that a branch requires."""

from __future__ import annotations

import json
from typing import Any

import pytest
from invoke.context import Context

from slipway.ci.gate import judge
from slipway.cli import ci
from slipway.errors import UsageError
from tests.cases_files import cases


def needs(results: dict[str, str]) -> str:
    """What GitHub's `toJSON(needs)` gives."""
    return json.dumps({name: {"result": each, "outputs": {}} for name, each in results.items()})


@pytest.mark.parametrize("case", cases("ci/gate"))
def test_who_stands_in_the_way(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Everything but a success, and a skip only where it may be."""
    jobs = judge(needs(case["needs"]), ("plan",))
    assert [job.name for job in jobs if not job.good] == case["bad"]
    code = ci.gate.body(Context(), needs=needs(case["needs"]), may_skip=("plan",))
    assert code == bool(case["bad"])
    assert capsys.readouterr().out.count("stands in the way") == len(case["bad"])


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "3", '{"a": 1}', '{"a": {}}', "{"])
def test_what_github_would_not_say(text: str) -> None:
    """A gate that knows of no job lets nobody through."""
    with pytest.raises(UsageError, match="toJSON"):
        judge(text, ())


def test_a_job_that_is_not_waited_for() -> None:
    """A slip in the workflow is told, and not taken for a skip that may be."""
    with pytest.raises(UsageError, match="--may-skip=plans"):
        judge(needs({"plan": "success"}), ("plans",))
