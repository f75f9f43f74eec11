"""Following lines: none is missed and none comes twice, whatever CloudWatch does."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from slipway.aws import Aws
from slipway.errors import Expired, Interrupted, Refused
from slipway.logs.follow import Reading
from slipway.logs.query import Query
from slipway.logs.source import OVERLAP, PAGE, Event, NoLogs, Source

BEGIN = 1_764_000_000_000


@dataclass
class Logs:
    """A model of CloudWatch: lines are seen `delay` ms after they were written, in any order.

    `now` is its clock (ms); `trouble` gives the error code of each call, "" for none.
    """

    page: int = 3
    now: int = BEGIN
    lines: list[dict[str, Any]] = field(default_factory=list)
    trouble: Iterator[str] = field(default_factory=lambda: itertools.repeat(""))
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: bool = True

    def put(self, text: str, at: int, delay: int = 0, group: str = "g") -> None:
        number = str(len(self.lines))
        self.lines.append(
            {
                "group": group,
                "seen": at + delay,
                "eventId": number,
                "timestamp": at,
                "message": text,
                "logStreamName": "app/app/t",
            }
        )

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if code := next(self.trouble):
            if code == "away":
                raise EndpointConnectionError(endpoint_url="x")
            raise ClientError({"Error": {"Code": code, "Message": code}}, "FilterLogEvents")
        mine = sorted(
            (
                line
                for line in self.lines
                if line["group"] == asked["logGroupName"]
                and line["timestamp"] >= asked["startTime"]
                and line["seen"] <= self.now
            ),
            key=lambda line: line["timestamp"],
        )
        begin = int(asked.get("nextToken", 0))
        answer: dict[str, Any] = {"events": mine[begin : begin + self.page]}
        if self.tokens and len(mine) > begin + self.page:
            answer["nextToken"] = str(begin + self.page)
        headers = {"date": formatdate(self.now / 1000, usegmt=True)}
        return {**answer, "ResponseMetadata": {"HTTPHeaders": headers}}


def source(logs: Logs, name: str = "app", group: str = "g") -> Source:
    aws = cast(Aws, SimpleNamespace(logs=logs))
    query = Query(since=BEGIN)
    return Source(aws=aws, service=name, group=group, query=query, environment="local")


def texts(events: Iterator[Event]) -> list[str]:
    return [event.message for event in events]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_missed_and_nothing_repeated(seed: int) -> None:
    """Lines at any millisecond, late by up to the overlap; calls that fail in between."""
    chance = random.Random(seed)
    codes = [*[""] * 8, "ThrottlingException", "away"]
    logs = Logs(page=chance.choice([1, 3, 50]), trouble=iter(lambda: chance.choice(codes), None))
    late = OVERLAP - 2000  # whole seconds of the clock in an answer
    for number in range(150):
        delay = chance.choice([0, 0, 1, 1500, late])
        logs.put(str(number), BEGIN + chance.randrange(100_000), delay)
    reading = Reading([source(logs)], lambda _: None)
    found: list[str] = []
    while logs.now < BEGIN + 400_000 or reading.trouble:
        assert logs.now < BEGIN + 4_000_000
        found += texts(reading.once())
        logs.now += chance.choice([400, 999, 1000, 2000, 7000])
    assert len(found) == len(set(found))
    assert set(found) == {str(number) for number in range(150)}


def test_what_was_read_is_not_read_for_ever() -> None:
    """A quiet service costs no more after hours than at the start."""
    logs = Logs()
    mine = source(logs)
    for _ in range(3):
        logs.now += 3_600_000
        assert texts(mine.new()) == []
    assert logs.asked[-1]["startTime"] >= logs.now - 3_600_000 - OVERLAP - 1000
    assert mine.seen == {}


def test_a_full_page_without_a_token_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the embedded AWS answers: by the time then, without repeating anything."""
    monkeypatch.setattr("slipway.logs.source.PAGE", 3)
    logs = Logs(page=3, tokens=False)
    for number in range(10):
        logs.put(str(number), BEGIN + number // 2)
    logs.now += 1000
    assert texts(source(logs).new()) == [str(number) for number in range(10)]
    assert PAGE == 10_000


def test_services_are_one_stream_by_time() -> None:
    """However many pages each has."""
    logs = Logs(page=1)
    for number in range(8):
        logs.put(str(number), BEGIN + number, group=f"g{number % 2}")
    logs.now += 1000
    sources = [source(logs, "a", "g0"), source(logs, "b", "g1")]
    assert texts(Reading(sources, print).once()) == [str(number) for number in range(8)]


def followed(logs: Logs, sources: list[Source], rounds: int, said: list[str]) -> list[str]:
    """What comes in so many rounds."""
    left = iter(range(rounds))

    def pause(seconds: float) -> None:
        logs.now += int(seconds * 1000)
        if next(left, None) is None:
            raise Interrupted("enough")

    found: list[str] = []
    with suppress(Interrupted):
        for event in Reading(sources, said.append).on_and_on(pause=pause):
            found.append(event.message)
    return found


def test_trouble_is_told_once_and_gone_through() -> None:
    """Throttled, away, and there again: the lines of meanwhile come as well."""
    codes = ["", "ThrottlingException", "ThrottlingException", "away"]
    logs = Logs(trouble=itertools.chain(codes, itertools.repeat("")))
    logs.put("before", BEGIN)
    logs.put("meanwhile", BEGIN + 3000)
    said: list[str] = []
    assert followed(logs, [source(logs)], 6, said) == ["before", "meanwhile"]
    assert len(said) == 2
    assert "ThrottlingException" in said[0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", Refused),
        ("ExpiredTokenException", Expired),
        ("ResourceNotFoundException", NoLogs),
    ],
)
def test_what_does_not_pass_is_the_end(code: str, kind: type[Exception]) -> None:
    """Nobody may read them, or there are none: following would wait for ever."""
    logs = Logs(trouble=itertools.repeat(code))
    with pytest.raises(kind):
        list(Reading([source(logs)], print).on_and_on(pause=lambda _: None))


def test_one_service_in_trouble_holds_up_no_other() -> None:
    """It is named; the others' lines are shown."""
    logs = Logs(trouble=itertools.chain(["AccessDeniedException"], itertools.repeat("")))
    logs.put("mine", BEGIN, group="g1")
    said: list[str] = []
    reading = Reading([source(logs, "a", "g0"), source(logs, "b", "g1")], said.append)
    logs.now += 1000
    assert texts(reading.once()) == ["mine"]
    assert list(reading.trouble) == ["a"]
    assert said[0].startswith("reading the logs of a: AWS refused")
    reading.demand_some()


def test_nobody_reads_any_more() -> None:
    """A follower that has nothing to write notices all the same."""

    def alive() -> None:
        raise BrokenPipeError

    reading = Reading([source(Logs())], print)
    with pytest.raises(BrokenPipeError):
        list(reading.on_and_on(alive=alive, pause=_no_pause))


_no_pause: Callable[[float], None] = lambda _: None  # noqa: E731
