"""What becomes of a schedule when a revision is rolled out; the cases of tests/cases/schedules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.rollout.schedules import jobs_of, overrides, pointed, revision_of, switched
from tests.cases_files import cases

FAMILY = "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-reports"


def schedule(revision: int, state: str, text: str = "") -> dict[str, Any]:
    """A schedule as GetSchedule answers it; revision 0 is the family alone."""
    arn = f"{FAMILY}:{revision}" if revision else FAMILY
    target = {"Arn": "cluster", "RoleArn": "role", "EcsParameters": {"TaskDefinitionArn": arn}}
    return {
        "Arn": "arn:…",
        "Name": "main",
        "GroupName": "shop-reports",
        "ScheduleExpression": "rate(1 hour)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": state,
        "CreationDate": 1.0,
        "StartDate": None,
        "Target": {**target, "Input": text} if text else target,
    }


@pytest.mark.parametrize("case", cases("schedules"))
def test_a_schedule_runs_what_the_revision_says(case: Any) -> None:
    """Revision, command and state of a schedule after a rollout."""
    before = schedule(case["before"]["revision"], case["before"]["state"], "old")
    change = pointed(before, f"{FAMILY}:{case['to']}", case.get("job"))
    after = {
        "revision": int(revision_of(change).rpartition(":")[2] or 0),
        "state": change["State"],
        "input": json.loads(change["Target"].get("Input", "{}")),
    }
    assert after == case["after"], case["says"]


def test_all_else_of_a_schedule_is_kept() -> None:
    """UpdateSchedule resets what it is not given, and refuses what only AWS sets."""
    change = pointed(schedule(1, "ENABLED"), f"{FAMILY}:2", {"command": ["true"]})
    assert change["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert change["Target"]["RoleArn"] == "role"
    assert not {"Arn", "CreationDate", "StartDate"} & change.keys()


def test_switching_changes_the_state_alone() -> None:
    """A pause keeps revision and command."""
    before = schedule(3, "ENABLED", "{}")
    off = switched(before, on=False)
    assert (off["State"], off["Target"]) == ("DISABLED", before["Target"])
    assert switched(off, on=True)["State"] == "ENABLED"


def test_a_revision_tells_its_jobs() -> None:
    """They are in a label of the app container; older revisions have none."""
    label = json.dumps({"main": {"command": ["true"], "cpu": 0, "memory": 0}})
    app = {"name": "app", "dockerLabels": {"slipway.jobs": label}}
    assert jobs_of({"containerDefinitions": [{"name": "proxy"}, app]})["main"]["command"] == [
        "true"
    ]
    assert jobs_of({"containerDefinitions": [{"name": "app"}]}) == {}


def test_words_are_appended_to_the_command() -> None:
    """What a user adds comes last; sizes are text, as ECS wants them."""
    found = overrides({"command": ["report"], "cpu": 1024, "memory": 0}, ("--day", "a b"))
    command = ["report", "--day", "a b"]
    assert found == {"cpu": "1024", "containerOverrides": [{"name": "app", "command": command}]}
