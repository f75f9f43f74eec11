"""The schedules of a service's jobs: which revision they run, with which command, and whether.

Terraform owns when and where. It makes a schedule that is off and names the family alone; one that
names a revision has been rolled out once, and whether it is on is up to whoever pauses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.aws import Aws
from slipway.names import CONTAINER
from slipway.rollout import observe

LABEL = "slipway.jobs"
"""The label of the app container that tells what each job runs."""

_CHANGEABLE = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)
"""What UpdateSchedule takes; what it isn't given it resets."""

Answer = Mapping[str, Any]
"""What GetSchedule answers."""


@dataclass(frozen=True, kw_only=True)
class Schedules:
    """The schedules of one service: their group, and the jobs that they are called after."""

    group: str
    jobs: tuple[str, ...]


def jobs_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What each job of a revision runs, by name: `command`, and `cpu` and `memory` or 0. Pure."""
    labels = observe.app_of(definition).get("dockerLabels", {})
    found: dict[str, Any] = json.loads(labels.get(LABEL, "{}"))
    return found


def overrides(job: Mapping[str, Any], extra: Sequence[str] = ()) -> dict[str, Any]:
    """How a task of the job differs from its revision, as ECS takes it. Pure.

    `extra` are words to append to the command.
    """
    sizes = {key: str(job[key]) for key in ("cpu", "memory") if job.get(key)}
    command = [*job["command"], *extra]
    return {**sizes, "containerOverrides": [{"name": CONTAINER, "command": command}]}


def revision_of(schedule: Answer) -> str:
    """The revision that a schedule names, or "" for one that was never rolled out. Pure."""
    arn = str(schedule["Target"]["EcsParameters"]["TaskDefinitionArn"])
    return arn if ":" in arn.rpartition("/")[2] else ""


def pointed(schedule: Answer, arn: str, job: Mapping[str, Any] | None) -> dict[str, Any]:
    """The change by which a schedule runs `job` of the revision `arn`. Pure.

    Where the revision knows no such job the schedule is as it was made: off. One that is rolled out
    for the first time is turned on; afterwards its state is kept.
    """
    kept = {key: schedule[key] for key in _CHANGEABLE if schedule.get(key) is not None}
    family = arn.rpartition(":")[0]
    target = {key: value for key, value in schedule["Target"].items() if key != "Input"}
    target["EcsParameters"] = {
        **target["EcsParameters"],
        "TaskDefinitionArn": arn if job else family,
    }
    if job is None:
        return {**kept, "Target": target, "State": "DISABLED"}
    state = schedule["State"] if revision_of(schedule) else "ENABLED"
    return {**kept, "Target": {**target, "Input": json.dumps(overrides(job))}, "State": state}


def switched(schedule: Answer, *, on: bool) -> dict[str, Any]:
    """The change by which a schedule is on or off. Pure."""
    kept = {key: schedule[key] for key in _CHANGEABLE if schedule.get(key) is not None}
    return {**kept, "State": "ENABLED" if on else "DISABLED"}


def read(aws: Aws, group: str, job: str) -> Answer:
    """One schedule as it is now."""
    return aws.scheduler.get_schedule(GroupName=group, Name=job)


def point(aws: Aws, schedules: Schedules | None, arn: str) -> tuple[str, ...]:
    """Have every schedule run the revision `arn`; the jobs whose schedule had to change."""
    return tuple(change["Name"] for change in _changes(aws, schedules, arn, send=True))


def astray(aws: Aws, schedules: Schedules | None, arn: str) -> tuple[str, ...]:
    """The jobs whose schedule does not run the revision `arn` as it says."""
    return tuple(change["Name"] for change in _changes(aws, schedules, arn, send=False))


def _changes(aws: Aws, schedules: Schedules | None, arn: str, *, send: bool) -> list[Any]:
    if schedules is None:
        return []
    definition, _ = observe.task_definition(aws.ecs, arn)
    jobs, changes = jobs_of(definition), []
    for name in schedules.jobs:
        schedule = read(aws, schedules.group, name)
        change: Any = pointed(schedule, definition["taskDefinitionArn"], jobs.get(name))
        if change != {key: schedule[key] for key in change if key in schedule}:
            changes.append(change)
            if send:
                aws.scheduler.update_schedule(**change)
    return changes
