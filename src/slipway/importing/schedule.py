"""Schedules of Copilot in the words of EventBridge Scheduler; pure."""

from __future__ import annotations

import re

from slipway.config.jobs import unscheduled
from slipway.config.rules import Schedule
from slipway.importing.bounds import fits

NAMED = {
    "@yearly": "cron(0 0 1 1 ? *)",
    "@annually": "cron(0 0 1 1 ? *)",
    "@monthly": "cron(0 0 1 * ? *)",
    "@weekly": "cron(0 0 ? * 1 *)",
    "@daily": "cron(0 0 * * ? *)",
    "@midnight": "cron(0 0 * * ? *)",
    "@hourly": "cron(0 * * * ? *)",
}
EVERY = re.compile(r"@every (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
DAY = re.compile(r"(?<![/#\d])[0-7](?!\d)")
BACKWARDS = re.compile(r" [2-7]-1 ")
"""Days of the week up to a Sunday, which begins the week for Scheduler."""

BY_HAND = "none"
"""What Copilot calls a job that no time starts."""


def schedule(text: str) -> str | None:
    """The schedule that means the same ("": by hand only), or None where there is none."""
    if text.strip() == BY_HAND:
        return ""
    found = NAMED.get(text) or _every(text) or _standard(text.split()) or text
    known = bool(found) and fits(Schedule, found) and not unscheduled(found)
    return found if known and not BACKWARDS.search(found) else None


def _every(text: str) -> str | None:
    """A rate of whole minutes; Scheduler has no shorter ones."""
    found = EVERY.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 60 + minutes
    if not total or seconds:
        return None
    count, unit = (total // 60, "hour") if total % 60 == 0 else (total, "minute")
    return f"rate({count} {unit}{'' if count == 1 else 's'})"


def _standard(fields: list[str]) -> str | None:
    """Five fields of cron: one of the two days becomes `?`, and Sunday is 1, not 0."""
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if weekday == "*":
        weekday = "?"
    elif day == "*":
        day, weekday = "?", DAY.sub(lambda one: str(int(one[0]) % 7 + 1), weekday.upper())
    return f"cron({minute} {hour} {day} {month} {weekday} *)"
