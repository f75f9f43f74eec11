"""`invoke jobs.run`, `jobs.pause` and `jobs.resume`: words behind `--`, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from invoke.config import Config
from invoke.context import Context

from slipway.cli import jobs
from slipway.cli.jobs import words
from slipway.release.world import Site
from slipway.rollout import oneoff, schedules
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site
from tests.samples import make_service
from tests.unit.release.test_proof import JOB


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


TASK = "arn:aws:ecs:us-west-1:000000000000:task/shop/abc"
SCHEDULE = {
    "Name": "nightly",
    "State": "ENABLED",
    "Target": {"EcsParameters": {"TaskDefinitionArn": f"{FAMILY}:2"}},
}
ASKED: Any = {"env": "local", "service": "app", "job": "nightly", "json": True}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A service whose revision knows a job, which ends with code 3; every command reaches it."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    labels = {schedules.LABEL: json.dumps({"nightly": {"command": ["report"]}})}
    ecs.definitions[f"{FAMILY}:2"]["containerDefinitions"][0]["dockerLabels"] = labels
    service = make_service("app", jobs={"nightly": {**JOB, "schedule": "rate(1 day)"}})
    with make_site(ecs, service) as made:
        monkeypatch.setattr(jobs, "open_site", lambda *_: made)
        monkeypatch.setattr(oneoff, "begin", lambda *_: {"taskArn": TASK})
        monkeypatch.setattr(oneoff, "follow", ended)
        yield made


def ended(*_: object, write: Any) -> oneoff.Ended:
    """A task that writes a line, and fails."""
    write("a line of its log")
    return oneoff.Ended(task="abc", exit_code=3, reason="Essential container exited", log=())


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_how_a_job_ended_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The log stays out of the document's way; the exit code is the job's all the same."""
    assert jobs.run.body(Context(Config(), remainder="--day 7"), **ASKED) == 3
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "environment": "local",
        "service": "app",
        "job": "nightly",
        "revision": "local-app:2",
        "command": ["report", "--day", "7"],
        "task": TASK,
        "exit_code": 3,
        "reason": "Essential container exited",
        "dry_run": False,
    }
    assert "a line of its log" in told.err


@pytest.mark.parametrize(
    ("flags", "task"), [({"wait": False}, TASK), ({"dry_run": True}, "")], ids=["left", "dry"]
)
def test_a_job_that_nobody_waits_for_as_json(
    site: Site, capsys: pytest.CaptureFixture[str], flags: Any, task: str
) -> None:
    """It has no exit code; in a dry run there is no task either."""
    assert jobs.run.body(Context(Config(), remainder=""), **ASKED, **flags) == 0
    assert document(capsys) == {
        "environment": "local",
        "service": "app",
        "job": "nightly",
        "revision": "local-app:2",
        "command": ["report"],
        "task": task,
        "exit_code": None,
        "reason": "",
        "dry_run": not task,
    }


def test_for_people_stdout_has_the_log(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else; what would run is a line."""
    asked = {**ASKED, "json": False}
    jobs.run.body(Context(Config(), remainder=""), **asked)
    told = capsys.readouterr()
    assert told.out == "a line of its log\n"
    assert "job nightly of app ended with code 3" in told.err
    jobs.run.body(Context(Config(), remainder=""), **asked, dry_run=True)
    assert capsys.readouterr().out == "would run, by local-app:2: report\n"


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_pause_as_json(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dry_run: bool
) -> None:
    """Which schedule is how now, or would be, and whether that is news."""
    sent: list[Any] = []
    outputs = {"schedules": {"group": "g", "jobs": ["nightly"]}}
    monkeypatch.setattr("slipway.release.jobs.outputs", lambda *_: outputs)
    monkeypatch.setattr(schedules, "read", lambda *_: SCHEDULE)
    scheduler: Any = type("Scheduler", (), {"update_schedule": lambda _, **all_: sent.append(all_)})
    site.aws.__dict__["scheduler"] = scheduler()
    told = {"environment": "local", "service": "app", "job": "nightly", "dry_run": dry_run}
    jobs.pause.body(Context(), **ASKED, dry_run=dry_run)
    assert document(capsys) == {**told, "state": "paused", "changed": True}
    assert len(sent) == (0 if dry_run else 1)
    jobs.resume.body(Context(), **ASKED, dry_run=dry_run)
    assert document(capsys) == {**told, "state": "on", "changed": False}
