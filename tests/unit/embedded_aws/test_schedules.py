"""The embedded Scheduler: when it starts what, and how often it tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from embedded_aws.schedules import Attempt, Clock, again, next_after, request

BEGAN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC).timestamp()


def hourly(expression: str, after: datetime) -> datetime | None:
    """A stand-in for MiniStack's reading of cron(…): each full hour, or never."""
    if "never" in expression:
        return None
    return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def schedule(expression: str = "rate(5 minutes)", **more: Any) -> dict[str, Any]:
    target = {"Arn": "cluster/shop", "EcsParameters": {"TaskDefinitionArn": "family:3"}}
    made: dict[str, Any] = {
        "Name": "main",
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "CreationDate": BEGAN,
        "Target": target,
    }
    return {**made, **more}


@pytest.mark.parametrize(
    ("expression", "zone", "after", "due"),
    [
        ("rate(5 minutes)", "UTC", 0, 300),
        ("rate(5 minutes)", "UTC", 300, 600),
        ("rate(1 hour)", "UTC", 3601, 7200),
        ("at(2026-11-20T12:30:00)", "Europe/Berlin", 0, 5400),
        ("at(2026-11-20T12:30:00)", "UTC", 9000, None),
        ("cron(0 * * * ? *)", "UTC", 60, 3600),
        ("cron(0 * * * ? *)", "Asia/Kolkata", 0, 1800),
        ("cron(never)", "UTC", 0, None),
    ],
)
def test_when_a_schedule_is_due(expression: str, zone: str, after: int, due: int | None) -> None:
    """Rates count from the creation; the others are of the schedule's time zone."""
    made = schedule(expression, ScheduleExpressionTimezone=zone)
    found = next_after(made, BEGAN + after, hourly)
    assert found == (None if due is None else BEGAN + due)


def test_a_rehearsals_minutes_are_shorter() -> None:
    """Only a rate is: what names a time of the day is by the clock."""
    assert next_after(schedule(), BEGAN, hourly, minute=2) == BEGAN + 10
    assert next_after(schedule("cron(0 * * * ? *)"), BEGAN, hourly, minute=2) == BEGAN + 3600


def test_an_hour_that_clocks_leave_out_is_left_out() -> None:
    """Berlin has no 02:00 on 28 March 2027; the one after is at 03:00."""
    before = datetime(2027, 3, 28, 0, 30, tzinfo=UTC).timestamp()
    made = schedule("cron(0 * * * ? *)", ScheduleExpressionTimezone="Europe/Berlin")
    assert next_after(made, before, hourly) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC).timestamp()


def test_what_was_missed_is_not_made_up_for() -> None:
    """Nothing is due at the first look, once at the next after its time, and none while off."""
    clock, made = Clock(cron=hourly), schedule()

    def due(seconds: float, **more: Any) -> int:
        return len(clock.due([("key", {**made, **more})], BEGAN + seconds))

    assert [due(1000), due(1001), due(1200), due(1201)] == [0, 0, 1, 0]
    assert [due(1500, State="DISABLED"), due(1501)] == [0, 0]
    assert due(1800, EndDate=BEGAN + 1700) == 0
    assert due(2100, StartDate=BEGAN + 2200) == 0


def test_a_start_that_failed_is_tried_again_as_the_schedule_says() -> None:
    """Pauses grow; attempts and their age have an end."""
    policy = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}
    made = schedule()
    made["Target"]["RetryPolicy"] = policy
    first = again(made, Attempt(key="key", first=BEGAN, due=BEGAN), BEGAN)
    assert first == Attempt(key="key", number=1, first=BEGAN, due=BEGAN + 2)
    second = again(made, first, BEGAN + 2)
    assert second is not None
    assert second.due == BEGAN + 6
    assert again(made, second, BEGAN + 6) is None
    assert again(made, first, BEGAN + 3600) is None


def test_it_waits_before_it_tries_again() -> None:
    """An attempt that waits is due once."""
    clock = Clock(cron=hourly, waiting=[Attempt(key="key", number=1, first=BEGAN, due=BEGAN + 2)])
    assert [len(clock.due([], BEGAN + second)) for second in (1, 2, 3)] == [0, 1, 0]


def test_what_ecs_is_asked_for() -> None:
    """Network, overrides and tags arrive in the words of RunTask."""
    made = schedule()
    made["Target"]["Input"] = '{"containerOverrides": [{"name": "app", "command": ["true"]}]}'
    made["Target"]["EcsParameters"] |= {
        "LaunchType": "FARGATE",
        "PropagateTags": "TASK_DEFINITION",
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}},
    }
    assert request(made) == {
        "cluster": "cluster/shop",
        "taskDefinition": "family:3",
        "count": 1,
        "launchType": "FARGATE",
        "propagateTags": "TASK_DEFINITION",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        "overrides": {"containerOverrides": [{"name": "app", "command": ["true"]}]},
        "startedBy": "chronos-schedule/main",
    }
