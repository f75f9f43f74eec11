"""What is told of jobs: state and runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.release import deploy
from slipway.release.jobs import Job, Run, owner_of, run, state
from slipway.release.serving import Serving
from slipway.rollout.schedules import Schedules
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site
from tests.samples import make_service
from tests.unit.release.test_proof import JOB, outcome_of, progress

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HERE = Serving(task_definition="shop-reports:3", image="", port=0, registered=NOW)


@pytest.mark.parametrize(
    ("scheduled", "revision", "on", "here", "told"),
    [
        (True, "", False, None, "not released"),
        (False, "", False, None, "not released"),
        (True, "", False, HERE, "not released"),
        (False, "", False, HERE, "ready"),
        (True, "shop-reports:3", True, HERE, "on"),
        (True, "shop-reports:3", False, HERE, "paused"),
    ],
)
def test_the_state_of_a_job(
    scheduled: bool, revision: str, on: bool, here: Serving | None, told: str
) -> None:
    """A schedule that names no revision yet was never rolled out."""
    assert state(scheduled=scheduled, revision=revision, on=on, here=here) == told


def task(by: str, **more: Any) -> dict[str, Any]:
    app = {"name": "app", "exitCode": 3}
    return {
        "taskArn": "arn:…:task/shop/abc",
        "startedBy": by,
        "createdAt": NOW,
        "lastStatus": "STOPPED",
        "containers": [{"name": "proxy", "exitCode": 0}, app],
        **more,
    }


def test_whose_a_task_is() -> None:
    """Scheduler and we leave the job's name; a deployment's tasks are no job's."""
    found = [owner_of(task(by)) for by in ("chronos-schedule/main", "slipway/purge", "slipway", "")]
    assert found == ["main", "purge", "", ""]
    assert owner_of({}) == ""


def test_how_a_run_went() -> None:
    """The app container's code counts; one that never ran has none."""
    ended = run(task("chronos-schedule/main", stoppedReason="done"))
    assert ended == Run(
        task="abc", by="schedule", began=NOW, status="STOPPED", exit_code=3, reason="done"
    )
    assert str(ended) == "code 3 at 2026-11-20 10:00:00"
    assert str(run(task("slipway/main", containers=[]))) == "code - at 2026-11-20 10:00:00"
    assert str(run(task("slipway/main", lastStatus="RUNNING"))).startswith("running at")


def test_a_job_in_a_table() -> None:
    """What is not known is a dash; UTC goes without saying."""
    job = Job(
        service="reports",
        name="main",
        command=("true",),
        schedule="",
        timezone="UTC",
        state="ready",
        next=None,
        revision="shop-reports:3",
        runs=(),
    )
    assert job.row == ("reports", "main", "by hand", "-", "ready", "shop-reports:3", "-")


def test_schedules_of_a_web_service_follow_what_was_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not a moment before: until then they stay with the revision that was there."""
    pointed: list[Any] = []

    def point(_: object, wanted: Schedules | None, arn: str) -> tuple[str, ...]:
        pointed.append((wanted, arn))
        return ("main",)

    monkeypatch.setattr("slipway.rollout.schedules.point", point)
    now = progress()
    outputs = {"task_definition_arn": "t", "schedules": {"group": "g", "jobs": ["main"]}}
    now.stacks["app"] = outcome_of(outputs)
    service = make_service("app", jobs={"main": JOB})
    with make_site(FakeEcs([[deployment(2, 2, "COMPLETED")]]), service) as site:
        deploy.point_schedules(site, now)
        assert pointed == []
        now.smoke["app"] = "none"
        deploy.point_schedules(site, now)
    assert pointed == [(Schedules(group="g", jobs=("main",)), f"{FAMILY}:3")]
