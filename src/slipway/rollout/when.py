"""When a schedule runs next; EventBridge Scheduler does not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

YEARS = 10
"""How far ahead a year is looked for."""

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def next_run(schedule: Mapping[str, Any], now: datetime) -> datetime | None:
    """The next time that a schedule of GetSchedule's form is due, in its own time zone.

    None where it never is, or where the expression is one that only AWS can read (days with `W`).
    """
    expression = str(schedule["ScheduleExpression"])
    zone = _zone(str(schedule.get("ScheduleExpressionTimezone") or "UTC"))
    words, _, rest = expression.removesuffix(")").partition("(")
    if words == "rate":
        return _rate(rest, schedule["CreationDate"], now).astimezone(zone)
    if words == "at":
        once = datetime.fromisoformat(rest).replace(tzinfo=zone)
        return once if once > now else None
    return _cron(rest.split(), now.astimezone(zone))


def _rate(text: str, began: datetime, now: datetime) -> datetime:
    """Counted from when the schedule was made."""
    number, unit = text.split()
    step = timedelta(**{f"{unit.removesuffix('s')}s": int(number)})
    return began + max(1, (now - began) // step + 1) * step


def _cron(fields: list[str], now: datetime) -> datetime | None:
    """AWS writes `?` for any day, counts days of the week from 1 (SUN), and adds a year."""
    from cronsim import CronSim, CronSimError

    minute, hour, day, month, weekday, year = (field.replace("?", "*") for field in fields)
    expression = " ".join((minute, hour, day, month, _weekday(weekday)))
    try:
        for each in sorted(one for one in _years(year, now.year) if one >= now.year):
            eve = datetime(each, 1, 1, tzinfo=now.tzinfo) - timedelta(minutes=1)
            found = next(CronSim(expression, max(now, eve)))
            if found.year == each:
                return found
    except (CronSimError, ValueError, StopIteration):
        return None
    return None


def _weekday(field: str) -> str:
    """`2-6` of AWS is `MON-FRI`; what follows `/` or `#` is a count."""
    return re.sub(r"(?<![/#\d])([1-7])", lambda day: _DAYS[int(day[1]) - 1], field)


def _years(field: str, first: int) -> frozenset[int]:
    """The years of a field as far as they matter; `*`, `2027`, `2027-2030` and lists of those."""
    found: set[int] = set()
    for part in field.split(","):
        begin, _, end = part.partition("-")
        span = (first, first + YEARS) if part.startswith("*") else (int(begin), int(end or begin))
        found |= set(range(span[0], span[1] + 1))
    return frozenset(found)


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
