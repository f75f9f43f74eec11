"""EventBridge Scheduler: MiniStack starts no ECS tasks, knows no time zone, tries once."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any

from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.patches import Symbols
from embedded_aws.schedules import Clock, again, request

TICK = 1
"""Seconds between two looks; MiniStack's are ten."""

SYMBOLS: Symbols = {
    "services.eventbridge._cron_next_fire": ("fields", "after_dt"),
    "services.eventbridge._parse_cron_fields": ("expr",),
    "services.scheduler._SCHEDULE_TICK_INTERVAL": None,
    "services.scheduler._schedules": None,
    "services.scheduler._tick_schedules": (),
    "services.scheduler.start_scheduler": (),
}

log = logging.getLogger("embedded")
closed = threading.Event()


def apply() -> None:
    """Patch the service, whose own thread calls us each second."""
    from ministack.services import scheduler

    clock = Clock(cron=_next_of_cron, minute=MINUTE)
    closed.clear()
    scheduler._SCHEDULE_TICK_INTERVAL = TICK
    scheduler._tick_schedules = lambda: _tick(clock)


def _next_of_cron(expression: str, after: datetime) -> datetime | None:
    from ministack.services import eventbridge

    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    found: datetime | None = eventbridge._cron_next_fire(fields, after.replace(tzinfo=UTC))
    return found.replace(tzinfo=None) if found else None


def _tick(clock: Clock) -> None:
    """Start what is due; nothing any more once the instance closes."""
    from ministack.services import scheduler

    if closed.is_set():
        return
    schedules = dict(scheduler._schedules._data)
    ours = {key: each for key, each in schedules.items() if each["Target"].get("EcsParameters")}
    for attempt in clock.due(ours.items(), time.time()):
        schedule = ours.get(attempt.key)
        if schedule and (problem := _run(attempt.key, schedule)):
            log.warning("schedule %s did not start its task: %s", schedule["Name"], problem)
            later = again(schedule, attempt, time.time())
            clock.waiting += [later] if later else []


def _run(key: Any, schedule: Any) -> str:
    """Start the task of a schedule in its account and region; what kept it from starting, or ""."""
    from ministack.core.responses import request_scope
    from ministack.services import ecs

    account, region, _ = key
    try:
        with request_scope(account, region):
            status, _, body = ecs._ACTION_MAP["RunTask"](request(schedule))
    except Exception as error:
        log.exception("schedule %s", schedule["Name"])
        return str(error)
    answer = json.loads(body)
    if status != 200:
        return str(answer.get("message", answer))
    return ", ".join(str(each.get("reason", "")) for each in answer.get("failures", []))
