"""Reading the lines of one service from CloudWatch, so that none is missed and none comes twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway import names
from slipway.aws import Aws, calls, error_code
from slipway.config import Settings
from slipway.errors import SlipwayError, UsageError
from slipway.logs.query import FIELDS, Kind, Query
from slipway.release.holder import now_of

OVERLAP = 30_000
"""Milliseconds that are read again: lines reach CloudWatch late, and not in their order."""

PAGE = 10_000
"""Lines of an answer at most: the API's limit."""

PREFIX = "app/app/"
"""What the name of each task's stream begins with: log prefix and container."""


class NoLogs(SlipwayError):
    """There is no log group."""

    exit_code = 9


@dataclass(frozen=True, kw_only=True, order=True)
class Event:
    """A line; `at` is when it was written, in milliseconds since the epoch."""

    at: int
    service: str = field(compare=False)
    task: str = field(compare=False)
    message: str = field(compare=False)


@dataclass(kw_only=True)
class Source:
    """The lines of one service that a query asks for; each is given once.

    `streams` are those of certain tasks; none: all. `begin` moves on as lines are read.
    """

    aws: Aws
    service: str
    group: str
    query: Query
    environment: str
    streams: Sequence[str] = ()
    begin: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def new(self) -> Iterator[Event]:
        """What has come since the last time, by its time.

        Where it breaks off, the next time goes on there: what was given is remembered.
        """
        begin = last = self.begin or self.query.since
        settled = 0
        try:
            with calls(f"reading the logs of {self.service}"):
                for answer in self._pages(begin):
                    # The clock of AWS, before what it has read: ours may be another.
                    settled = settled or int(now_of(answer) * 1000) - OVERLAP
                    for raw in answer["events"]:
                        last = raw["timestamp"]
                        if self._is_new(raw):
                            yield self._event(raw)
            last = settled
        finally:
            # What is older than the overlap had all arrived when we began to read.
            self.begin = max(begin, min(last, settled))
            self.seen = {key: at for key, at in self.seen.items() if at >= self.begin}

    def _is_new(self, raw: Any) -> bool:
        """Whether a line was not given yet, and is one that was asked for; from now on it was."""
        if raw["eventId"] in self.seen:
            return False
        self.seen[raw["eventId"]] = raw["timestamp"]
        return self.query.fits(raw["message"])

    def _pages(self, begin: int) -> Iterator[Any]:
        wanted: dict[str, Any] = {"logGroupName": self.group, "startTime": begin}
        if self.streams:
            wanted["logStreamNames"] = list(self.streams)
        if self.query.pattern:
            wanted["filterPattern"] = self.query.pattern
        while True:
            answer: Any = self._asked(wanted)
            yield answer
            if token := answer.get("nextToken"):
                wanted["nextToken"] = token
            elif len(answer["events"]) >= PAGE:
                # The embedded AWS gives no token: go on by the time; what was seen is known.
                last = answer["events"][-1]["timestamp"]
                wanted["startTime"] = max(last, wanted["startTime"] + 1)
            else:
                return

    def _asked(self, wanted: dict[str, Any]) -> Any:
        try:
            return self.aws.logs.filter_log_events(**wanted)
        except Exception as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            raise no_logs(self.service, self.environment, self.group) from error

    def _event(self, raw: Any) -> Event:
        return Event(
            at=raw["timestamp"],
            service=self.service,
            task=raw.get("logStreamName", "").rpartition("/")[2],
            message=raw["message"].rstrip("\n"),
        )


def no_logs(service: str, environment: str, group: str) -> NoLogs:
    """The error for a service without a log group."""
    return NoLogs(
        f"{service} has no logs in {environment}: there is no log group {group}",
        next_step=f"uv run invoke deploy --env={environment} --service={service}",
    )


def group_of(settings: Settings, service: str, kind: Kind = "app") -> str:
    """The log group of a service; infra/service makes one for each kind."""
    name = f"/ecs/{names.service(settings, service)}"
    return name if kind == "app" else f"{name}/{kind}"


def routed(aws: Aws, settings: Settings, service: str, kind: Kind) -> bool:
    """Whether somebody routes the lines of this kind to a group of their own (decision 127)."""
    if kind not in FIELDS:
        return False
    with calls(f"looking for the logs of {service}"):
        return bool(_streams(aws, group_of(settings, service, kind)))


def streams_of(aws: Aws, settings: Settings, service: str, task: str) -> list[str]:
    """The stream of a task, by its id or the beginning of it. Raises `UsageError`."""
    group = group_of(settings, service)
    with calls(f"looking for the logs of {service}"):
        found = _streams(aws, group, f"{PREFIX}{task}")
    if len(found) == 1:
        return found
    environment = settings.environment.name
    ids = ", ".join(name.removeprefix(PREFIX) for name in found)
    raise UsageError(
        f"{service} in {environment}: --task={task} fits {f'several: {ids}' if ids else 'none'} "
        f"of the streams of {group}",
        next_step=f"uv run invoke logs --env={environment} --service={service} --json names the "
        "task of each line",
    )


def _streams(aws: Aws, group: str, prefix: str = "") -> list[str]:
    """A few names of streams of a group; none where there is no such group."""
    more: Any = {"logStreamNamePrefix": prefix} if prefix else {}
    try:
        found = aws.logs.describe_log_streams(logGroupName=group, limit=5, **more)
    except aws.logs.exceptions.ResourceNotFoundException:
        return []
    return [each["logStreamName"] for each in found["logStreams"]]
