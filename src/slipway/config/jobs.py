"""What a job may be, and what a service that has nothing but jobs may not."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from slipway.config.check import Problem
from slipway.config.clash import Clash
from slipway.config.fargate import unfit
from slipway.config.layers import Merged, Tree

WEB_ONLY = frozenset({"alarms", "deploy", "health", "port", "route", "scale", "smoke"})
"""Settings that mean nothing to a service that serves nobody."""


def is_web_only(key: str) -> bool:
    """Whether a dotted key is of web services."""
    return key.partition(".")[0] in WEB_ONLY


def web_only(merged: Merged) -> list[Problem]:
    """Settings of a web service in the file of one that is none.

    What slipway.toml gives to all services is no mistake of this one.
    """
    if merged.values["kind"] == "web":
        return []
    found = {
        origin.place(key.partition(".")[0])
        for key, origin in merged.origins.items()
        if is_web_only(key) and origin.file.endswith("/service.toml")
    }
    reason = 'is for web services, and kind is "job"; remove it'
    return [Problem(place=place, reason=reason) for place in sorted(found)]


def job_clashes(service: Tree) -> Iterator[Clash]:
    """What does not go together in the jobs of a service."""
    if service["kind"] == "job" and not service["jobs"]:
        yield Clash(keys=("kind",), reason='a service of kind "job" needs one: write [jobs.main]')
    for name, job in service["jobs"].items():
        for key, reason in _wrong(service, job):
            yield Clash(keys=(f"jobs.{name}.{key}",), reason=reason)


def commands(file: Tree) -> dict[str, str]:
    """The commands that a service.toml must have, by dotted key, and what belongs there; pure."""
    everywhere = file.get("jobs", {})
    needed = [f"jobs.{name}" for name in everywhere]
    for environment, table in file.get("environments", {}).items():
        own = (name for name in table.get("jobs", {}) if name not in everywhere)
        needed += [f"environments.{environment}.jobs.{name}" for name in own]
    return {f"{table}.command": 'what to run, as ["python", "-m", "reports"]' for table in needed}


def _wrong(service: Tree, job: Tree) -> Iterator[tuple[str, str]]:
    if reason := unfit(job["cpu"] or service["cpu"], job["memory"] or service["memory"]):
        yield "memory" if job["memory"] else "cpu", reason
    if reason := unscheduled(job["schedule"]):
        yield "schedule", reason
    if not _known(job["timezone"]):
        yield "timezone", f"there is no time zone {job['timezone']}; write one as Europe/Berlin"


def unscheduled(schedule: str) -> str:
    """Why Scheduler would refuse an expression of the right form, or ""."""
    words, _, rest = schedule.partition("(")
    fields = rest.removesuffix(")").split()
    if words == "cron" and (fields[2] == "?") == (fields[4] == "?"):
        return "one of the day of the month (3rd) and the day of the week (5th) must be ?"
    return ""


def _known(zone: str) -> bool:
    """Whether there is such a time zone; any is taken where this machine knows none at all."""
    try:
        return bool(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return not available_timezones()
