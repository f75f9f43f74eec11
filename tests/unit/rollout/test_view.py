"""The rollout as a person watches it."""

from __future__ import annotations

import io
from dataclasses import replace

from slipway.console import Console
from slipway.rollout.decide import Deployment, Snapshot
from slipway.rollout.view import Lines, rows

OLD = Deployment(id="d1", primary=False, task_definition="arn/app:1", state="COMPLETED", running=1)
NEW = Deployment(id="d2", primary=True, task_definition="arn/app:2", state="IN_PROGRESS", desired=1)


def snapshot(*deployments: Deployment, events: tuple[tuple[str, str], ...] = ()) -> Snapshot:
    return Snapshot(
        service="app", status="ACTIVE", desired=1, running=1, deployments=deployments, events=events
    )


def printed(*snapshots: Snapshot) -> list[str]:
    err = io.StringIO()
    view = Lines(Console(out=io.StringIO(), err=err))
    for each in snapshots:
        view.show({"app": each})
    return [line.strip() for line in err.getvalue().splitlines()]


def test_the_primary_deployment_comes_first() -> None:
    """What is coming stands above what is leaving."""
    assert [row[1] for row in rows(snapshot(OLD, NEW))] == ["2", "1"]


def test_a_line_only_when_something_changed() -> None:
    """CI logs don't fill with the same line every second."""
    assert len(printed(snapshot(NEW), snapshot(NEW), snapshot(NEW))) == 1


def test_two_deployments_of_one_revision_are_told_apart() -> None:
    """On the way back there are: the one that is coming, and the one that still has tasks."""
    back = replace(NEW, task_definition=OLD.task_definition)
    assert len(printed(snapshot(OLD, back), snapshot(OLD, back), snapshot(OLD, back))) == 2


def test_events_are_shown_once_and_old_ones_never() -> None:
    """Events of former deploys are history; new ones appear once, oldest first."""
    before = (("e1", "old news"),)
    after = (("e3", "third"), ("e2", "second"), ("e1", "old news"))
    lines = printed(
        snapshot(NEW, events=before), snapshot(NEW, events=after), snapshot(NEW, events=after)
    )
    assert lines[1:] == ["second", "third"]


def test_a_phase_is_told_when_it_changes() -> None:
    """What a deployment of CodeDeploy is doing, and the share of the requests of each task set."""
    green = replace(NEW, share=10)
    now = replace(snapshot(green), phase="moving")
    lines = printed(now, now, replace(now, phase="moved"))
    assert [line for line in lines if line.startswith("app:")] == ["app: moving", "app: moved"]
    assert any("IN_PROGRESS 10 %" in line for line in lines)
