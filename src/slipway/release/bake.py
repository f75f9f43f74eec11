"""The bake time: watching alarms and failing answers of a new version while it serves.

`judge` decides and is pure; the rest reads CloudWatch, all services of a wave in one go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from slipway import signals
from slipway.aws import Aws, calls

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

POLL = 15.0
"""Seconds between looks."""

MOST_ERRORS = 1.0
"""Answers with a status of 500 or more that are too many, % of the requests."""

FEWEST = 3
"""Failed answers that say something: of ten requests, one is 10 % and may be anything."""

BATCH = 100
"""Alarms per DescribeAlarms call: the API's limit."""

QUERIES = 500
"""Queries per GetMetricData call: the API's limit."""


@dataclass(frozen=True, kw_only=True)
class Baking:
    """A service that bakes: what is watched of it. `groups` are ARNs of its target groups.

    `began` is when its rollout began, in seconds since the epoch: an alarm that was raised before
    is not its fault. `since` is when the bake time began, `seconds` how long it is.
    """

    name: str
    seconds: float
    alarms: tuple[str, ...]
    balancer: str
    groups: tuple[str, ...]
    began: float
    since: float = field(default_factory=time.time)

    @property
    def over(self) -> bool:
        return time.time() >= self.since + self.seconds


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm now; `since` is when it came into that state, in seconds since the epoch."""

    name: str
    state: str
    since: float = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """How many requests were answered since the bake time began, and how many with 5xx."""

    requests: float = 0
    errors: float = 0


def judge(baking: Baking, alarms: Sequence[Alarm], answers: Answers) -> str:
    """What speaks against the new version, or ""; pure."""
    for alarm in alarms:
        if alarm.state == "ALARM" and alarm.since >= baking.began:
            why = f" ({alarm.reason})" if alarm.reason else ""
            return f"the alarm {alarm.name} was raised{why}"
    share = 100 * answers.errors / answers.requests if answers.requests else 0
    if answers.errors >= FEWEST and share > MOST_ERRORS:
        return (
            f"{answers.errors:.0f} of {answers.requests:.0f} requests ({share:.1f} %) were "
            f"answered with a status of 500 or more; {MOST_ERRORS:.0f} % is too much"
        )
    return ""


def bake(
    aws: Aws,
    services: Sequence[Baking],
    *,
    say: Callable[[str], None],
    pause: Callable[[float], None] = signals.sleep,
) -> Iterator[tuple[str, str]]:
    """Watch until the bake time of each is over; gives name and problem ("": none) as they end."""
    left = {each.name: each for each in services}
    while left:
        for name, problem in looked(aws, tuple(left.values()), say).items():
            if problem or left[name].over:
                del left[name]
                yield name, problem
        if left:
            ends = min(each.since + each.seconds for each in left.values()) - time.time()
            pause(min(POLL, max(ends, 0.1)))


def looked(aws: Aws, services: Sequence[Baking], say: Callable[[str], None]) -> dict[str, str]:
    """One look at all of them: what speaks against each, or ""."""
    with calls("watching alarms and answers"):
        alarms = read_alarms(aws, [name for each in services for name in each.alarms])
        answers = read_answers(aws, services)
    for each in services:
        for name in each.alarms:
            if name not in alarms:
                say(f"{each.name}: there is no alarm {name}")
    return {
        each.name: judge(
            each, [alarms[name] for name in each.alarms if name in alarms], answers[each.name]
        )
        for each in services
    }


def read_alarms(aws: Aws, names: Sequence[str]) -> dict[str, Alarm]:
    """The alarms of these names as they are, `BATCH` a call."""
    found: dict[str, Alarm] = {}
    rest = iter(names)
    while some := list(islice(rest, BATCH)):
        answer = aws.cloudwatch.describe_alarms(
            AlarmNames=some, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=BATCH
        )
        all_kinds: list[Any] = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        for each in all_kinds:
            found[each["AlarmName"]] = Alarm(
                name=each["AlarmName"],
                state=each["StateValue"],
                since=each["StateUpdatedTimestamp"].timestamp(),
                reason=each.get("StateReason", ""),
            )
    return found


def read_answers(aws: Aws, services: Sequence[Baking]) -> dict[str, Answers]:
    """What each has answered since its bake time began, all target groups together."""
    wanted: dict[str, MetricDataQueryTypeDef] = {}
    for number, service in enumerate(services):
        wanted |= queries(number, service)
    sums = dict.fromkeys(wanted, 0.0)
    if wanted:
        since = min(each.since for each in services)
        for result in _results(aws, list(wanted.values()), since):
            sums[result["Id"]] += _sum(result, services)
    return {each.name: _answers(sums, number) for number, each in enumerate(services)}


def queries(number: int, service: Baking) -> Mapping[str, MetricDataQueryTypeDef]:
    """Requests and failed answers of each target group, a minute at a time, by the query's id."""
    return {
        f"{what}_{number}_{group}": {
            "Id": f"{what}_{number}_{group}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ApplicationELB",
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "LoadBalancer", "Value": service.balancer.partition("/")[2]},
                        {"Name": "TargetGroup", "Value": arn.rpartition(":")[2]},
                    ],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for group, arn in enumerate(service.groups)
        for what, metric in (
            ("requests", "RequestCount"),
            ("errors", "HTTPCode_Target_5XX_Count"),
        )
    }


def _results(aws: Aws, wanted: Sequence[MetricDataQueryTypeDef], since: float) -> Iterator[Any]:
    pages = aws.cloudwatch.get_paginator("get_metric_data")
    rest = iter(wanted)
    while some := list(islice(rest, QUERIES)):
        for page in pages.paginate(
            MetricDataQueries=some,
            StartTime=datetime.fromtimestamp(since // 60 * 60, tz=UTC),
            EndTime=datetime.now(tz=UTC),
        ):
            yield from page["MetricDataResults"]


def _sum(result: Any, services: Sequence[Baking]) -> float:
    """The values of whole minutes since the service's own bake time began."""
    service = services[int(result["Id"].split("_")[1])]
    pairs = zip(result["Timestamps"], result["Values"], strict=True)
    first = service.since // 60 * 60
    return float(sum(value for moment, value in pairs if moment.timestamp() >= first))


def _answers(sums: Mapping[str, float], number: int) -> Answers:
    def of(what: str) -> float:
        return sum(value for key, value in sums.items() if key.startswith(f"{what}_{number}_"))

    return Answers(requests=of("requests"), errors=of("errors"))
