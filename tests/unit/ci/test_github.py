"""What is sent to GitHub: one comment, one issue, and never a second one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway.ci import comment, github, issue
from slipway.ci.issue import Issue
from slipway.cli import ci
from slipway.cli.app import App
from slipway.command import Command
from slipway.drift.model import Finding, Report
from slipway.errors import ToolError, UsageError
from slipway.runner import DryRunner
from slipway.testing import FakeRunner, printed
from tests.cases_files import cases

LIST = "gh api --paginate"
SEND = "gh api --silent"


def sent(command: Command) -> dict[str, Any]:
    """The body of a request."""
    found = json.loads(command.stdin or "")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("case", cases("ci/issue"))
def test_one_issue_for_good(case: dict[str, Any]) -> None:
    """Made, changed, closed, opened again, or left alone."""
    wanted = Issue(
        name="drift of dev", label="drift", title="Drift of dev", text="text", open=case["open"]
    )
    found = [{"body": None, **each} for each in case.get("found", [])]
    command = issue.decide(wanted, found)
    if "method" not in case:
        assert command is None
        return
    assert command is not None
    assert command.mutates
    assert command.argv[4:6] == (case["method"], f"repos/{{owner}}/{{repo}}/{case['path']}")
    body = sent(command)
    assert body["body"] == "<!-- slipway: drift of dev -->\ntext"
    assert body.get("state") == case.get("state")
    assert body.get("labels", ["drift"]) == ["drift"]


def test_one_comment_for_good() -> None:
    """The first run makes it, the next changes it, and the same text is not sent again."""
    runner = FakeRunner().on(LIST, "").on(SEND)
    assert comment.put(runner, 7, "plan", "one")
    made = runner.ran[-1]
    assert made.argv[4:6] == ("POST", "repos/{owner}/{repo}/issues/7/comments")
    there = json.dumps({"id": 12, "body": sent(made)["body"]})
    other = json.dumps({"id": 11, "body": "I like\u2028the plan"}, ensure_ascii=False)
    runner = FakeRunner().on(LIST, f"{other}\n{there}\n").on(SEND)
    assert comment.put(runner, 7, "plan", "two")
    assert runner.ran[-1].argv[4:6] == ("PATCH", "repos/{owner}/{repo}/issues/comments/12")
    assert not comment.put(runner, 7, "plan", "one")
    assert len(runner.ran) == 3


def test_what_github_would_refuse_is_cut() -> None:
    """At the end of a line, and it is said."""
    text = github.marked("plan", "line\n" * 20_000)
    assert len(text) < 65_536
    assert text.endswith("line" + github.CUT)


def test_a_dry_run_looks_and_sends_nothing() -> None:
    """What would be sent is shown."""
    inner, shown = FakeRunner().on(LIST, ""), list[str]()
    comment.put(DryRunner(inner, show=shown.append), 7, "plan", "one")
    assert [command.mutates for command in inner.ran] == [False]
    assert shown[0].startswith("would run: gh api --silent --method POST")


@pytest.mark.parametrize(
    ("answer", "told", "step"),
    [
        (printed("", code=1, stderr="HTTP 403"), "GitHub refused .*HTTP 403", "permissions"),
        (ToolError("gh: not found"), "gh: not found", "gh auth login"),
    ],
)
def test_github_can_not_be_asked(answer: Any, told: str, step: str) -> None:
    """Refused, or no `gh` there: one message each."""

    def answers(command: Command) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ToolError, match=told) as caught:
        comment.put(FakeRunner().on("gh", answers), 7, "plan", "one")
    assert step in caught.value.next_step


@pytest.fixture
def gh(monkeypatch: pytest.MonkeyPatch) -> FakeRunner:
    """GitHub without any comment or issue."""
    runner = FakeRunner().on(LIST, "").on(SEND)
    monkeypatch.setattr(App, "runner", runner)
    return runner


def test_the_comment_is_a_file(gh: FakeRunner, tmp_path: Path) -> None:
    """A file that is not there is told before GitHub is asked."""
    with pytest.raises(UsageError, match="No such file"):
        ci.comment.body(Context(), pull_request=7, name="plan", file=tmp_path / "none")
    assert gh.ran == []
    (tmp_path / "plan.md").write_text("## Plan")
    ci.comment.body(Context(), pull_request=7, name="plan", file=tmp_path / "plan.md")
    assert sent(gh.ran[-1])["body"].endswith("\n## Plan")


FOUND = Finding(of="app", kind="scaling", text="others", next_step="do this")


@pytest.mark.parametrize(("findings", "code"), [((), 0), ((FOUND,), 1)])
def test_drift_has_its_issue(
    findings: tuple[Finding, ...],
    code: int,
    gh: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Opened where there is any, with a way to the run; the exit code is that of the look."""
    report = Report(environment="dev", findings=findings, looked_at=("app",))
    monkeypatch.setattr("slipway.cli.drift.look", lambda *_: report)
    monkeypatch.setenv("GITHUB_RUN_ID", "5")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
    assert ci.drift.body(Context(), env="dev") == code
    made = [sent(command) for command in gh.ran if command.mutates]
    assert len(made) == code
    capsys.readouterr()
    ci.drift.body(Context(), env="dev", json=True)
    assert json.loads(capsys.readouterr().out) == {
        "environment": "dev",
        "findings": [asdict(each) for each in findings],
        "gaps": [],
        "looked_at": ["app"],
        "exit_code": code,
    }
    for each in made:
        assert each["title"] == "Drift of dev"
        assert "| app | scaling | others |" in each["body"]
        assert each["body"].rstrip().endswith("/acme/shop/actions/runs/5")
