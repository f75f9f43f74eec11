"""A status as people and programs read it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from slipway.status.model import Standing, Status

COLUMNS = (
    *("", "service", "health", "running", "revision", "release", "commit", "deployed", "by"),
    "alarms",
)
OPTIONAL = ("by", "commit", "release", "deployed", "revision", "alarms")
"""What a narrow terminal goes without."""

GREEN, YELLOW, RED, GREY = "32", "33", "31", "2"
COLOURS: Mapping[str, str] = {
    "healthy": GREEN,
    "deploying": YELLOW,
    "degraded": RED,
    "alarm": RED,
    "failed": RED,
    "unknown": YELLOW,
    "off": GREY,
    "job": GREY,
    "not deployed": GREY,
    "*": YELLOW,
}


def row(each: Standing, now: datetime) -> tuple[str, ...]:
    """A service as a line of the table; * marks what is not the last verified release."""
    alarms = ",".join(name.rpartition("-")[2] for name in each.alarms)
    return (
        "*" if each.marked else "",
        each.service,
        each.health,
        counts(each),
        each.revision or "-",
        each.release or "-",
        (each.commit[:8] or "-") + ("+" if each.dirty else ""),
        age(each.deployed, now),
        each.by or "-",
        alarms or "-",
    )


def counts(each: Standing) -> str:
    """`running/desired`, and how many of them the load balancer finds healthy where fewer are."""
    if each.running is None:
        return "-" if each.health in ("job", "not deployed") else "?"
    shown = f"{each.running}/{each.desired}"
    targets = each.targets
    return (
        f"{shown} ({targets.healthy} ok)" if targets and targets.healthy < each.running else shown
    )


def age(moment: str, now: datetime) -> str:
    """How long ago something was, in its largest unit."""
    if not moment:
        return "-"
    seconds = int((now - datetime.fromisoformat(moment)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{max(seconds, 0)} s ago"


def rows(status: Status) -> list[tuple[str, ...]]:
    """A row for each service."""
    now = datetime.now(UTC)
    return [row(each, now) for each in status.services]


def notes(status: Status) -> Iterator[str]:
    """What there is to say besides the table, gaps last."""
    for each in status.services:
        yield from (f"{each.service}: {note}" for note in each.notes)
    yield from (f"{status.environment}: alarm {name}" for name in status.alarms)
    yield from gaps(status)


def gaps(status: Status) -> Iterator[str]:
    """What is not known."""
    yield from (f"not known: {gap}" for gap in status.gaps)


def document(status: Status) -> dict[str, object]:
    """What `--json` shows."""
    return {
        "environment": status.environment,
        "good": status.good,
        "services": [asdict(each) for each in status.services],
        "alarms": list(status.alarms),
        "gaps": list(status.gaps),
    }


def sentence(each: Standing) -> str:
    """A service as one line, for those who read changes."""
    parts = [f"{each.service}: {each.health}", f"{counts(each)} running"]
    if each.revision:
        parts.append(f"revision {each.revision}")
    if each.release:
        parts.append(f"release {each.release}")
    return "; ".join([", ".join(parts), *each.notes])
