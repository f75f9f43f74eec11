"""When the schedules of EventBridge Scheduler are due, and what they ask of ECS. Pure.

Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Schedule = Mapping[str, Any]
NextOfCron = Callable[[str, datetime], "datetime | None"]
"""The first minute after a moment (of no time zone) that a cron(…) expression names."""

UNITS = {"minute": 1, "hour": 60, "day": 1440}
"""Minutes."""

RETRIES, AGE = 185, 86400
"""How often and how long, in seconds, a start is tried again where the schedule doesn't say."""

LONGEST_PAUSE = 60.0
"""Seconds between two attempts at most; AWS backs off too, and says not how."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A start that is due: of the schedule `key`, for the `number`th time, since `first`."""

    key: Any
    number: int = 0
    first: float
    due: float


def next_after(
    schedule: Schedule, moment: float, cron: NextOfCron, minute: float = 60.0
) -> float | None:
    """When the schedule is due for the first time after `moment`; None for never again.

    `minute` is how many seconds one takes of a rate; what names a time of the day is by the clock.
    """
    expression, zone = schedule["ScheduleExpression"], _zone(schedule)
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        step, began = int(rate[1]) * UNITS[rate[2]] * minute, schedule["CreationDate"]
        return float(began + max(1, int((moment - began) // step) + 1) * step)
    if at := re.fullmatch(r"at\((.+)\)", expression):
        once = datetime.fromisoformat(at[1]).replace(tzinfo=zone).timestamp()
        return once if once > moment else None
    local = datetime.fromtimestamp(moment, zone).replace(tzinfo=None)
    while (found := cron(expression, local)) is not None:
        due = found.replace(tzinfo=zone).timestamp()
        # A minute that clocks leave out is left out; one that they repeat counts once.
        if datetime.fromtimestamp(due, zone).replace(tzinfo=None) == found and due > moment:
            return due
        local = max(found, local + timedelta(minutes=1))
    return None


def _zone(schedule: Schedule) -> Any:
    name = schedule.get("ScheduleExpressionTimezone") or "UTC"
    return UTC if name == "UTC" else ZoneInfo(name)


def open_at(schedule: Schedule, moment: float) -> bool:
    """Whether the schedule is on, and `moment` between its start and its end."""
    start, end = schedule.get("StartDate"), schedule.get("EndDate")
    in_time = (start is None or moment >= start) and (end is None or moment <= end)
    return schedule.get("State") == "ENABLED" and in_time


def again(schedule: Schedule, failed: Attempt, now: float) -> Attempt | None:
    """The next attempt after one that failed; None where the schedule says that it is over."""
    policy = schedule["Target"].get("RetryPolicy") or {}
    number = failed.number + 1
    pause = min(2.0**number, LONGEST_PAUSE)
    if number > policy.get("MaximumRetryAttempts", RETRIES):
        return None
    if now + pause - failed.first > policy.get("MaximumEventAgeInSeconds", AGE):
        return None
    return Attempt(key=failed.key, number=number, first=failed.first, due=now + pause)


def request(schedule: Schedule) -> dict[str, Any]:
    """What RunTask is asked for by a schedule with a target in ECS."""
    target = schedule["Target"]
    ecs = target["EcsParameters"]
    network = (ecs.get("NetworkConfiguration") or {}).get("awsvpcConfiguration")
    wanted = {
        "cluster": target["Arn"],
        "taskDefinition": ecs["TaskDefinitionArn"],
        "count": ecs.get("TaskCount", 1),
        "launchType": ecs.get("LaunchType"),
        "platformVersion": ecs.get("PlatformVersion"),
        "group": ecs.get("Group"),
        "enableECSManagedTags": ecs.get("EnableECSManagedTags"),
        "enableExecuteCommand": ecs.get("EnableExecuteCommand"),
        "propagateTags": ecs.get("PropagateTags"),
        "networkConfiguration": network and {"awsvpcConfiguration": _lowered(network)},
        "overrides": json.loads(target["Input"]) if target.get("Input") else None,
        "startedBy": f"chronos-schedule/{schedule['Name']}",
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _lowered(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Scheduler writes `Subnets` what ECS writes `subnets`."""
    return {f"{key[0].lower()}{key[1:]}": value for key, value in keys.items()}


@dataclass(kw_only=True)
class Clock:
    """Which schedules are due since the last look; what was missed while nobody looked is not.

    A schedule that is seen for the first time, or was off, counts from then on.
    """

    cron: NextOfCron
    minute: float = 60.0
    looked: dict[Any, float] = field(default_factory=dict)
    waiting: list[Attempt] = field(default_factory=list)

    def due(self, schedules: Iterable[tuple[Any, Schedule]], now: float) -> list[Attempt]:
        """The starts that are due now, new ones and those to be tried again."""
        found = [each for each in self.waiting if each.due <= now]
        self.waiting = [each for each in self.waiting if each.due > now]
        before, self.looked = self.looked, {}
        for key, schedule in schedules:
            self.looked[key] = now
            if key not in before or not open_at(schedule, now):
                continue
            due = next_after(schedule, before[key], self.cron, self.minute)
            if due is not None and due <= now:
                found.append(Attempt(key=key, first=now, due=now))
        return found
