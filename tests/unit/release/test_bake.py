"""The bake time: what speaks against a new version, and how it is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from slipway.aws import Aws
from slipway.release import bake
from slipway.release.bake import Alarm, Answers, Baking
from tests.cases_files import cases

ARN = "arn:aws:elasticloadbalancing:us-west-1:1:"
BALANCER = f"{ARN}loadbalancer/app/shop/1"
BLUE, GREEN = f"{ARN}targetgroup/blue/2", f"{ARN}targetgroup/green/3"
NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC).timestamp()


def baking(name: str = "orders", **changes: Any) -> Baking:
    made = Baking(
        name=name,
        seconds=300,
        alarms=(f"{name}-errors",),
        balancer=BALANCER,
        groups=(BLUE, GREEN),
        began=1000,
        since=NOW,
    )
    return replace(made, **changes)


@pytest.mark.parametrize("case", cases("bake"))
def test_what_speaks_against_a_new_version(case: Any) -> None:
    """Each case: alarms and answers of a rollout that began at 1000 s, and the problem."""
    alarms = [Alarm(**each) for each in case.get("alarms", [])]
    assert bake.judge(baking(), alarms, Answers(**case["answers"])) == case["problem"], case["says"]


@pytest.fixture
def aws() -> Iterator[Any]:
    """CloudWatch as moto has it."""
    with mock_aws():
        client = boto3.client(
            "cloudwatch", "us-west-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
        yield cast(Any, type("FakeAws", (), {"cloudwatch": client}))


def put(aws: Any, metric: str, group: str, value: float, at: float) -> None:
    """A sum of one minute, as the load balancer publishes it."""
    dimensions = [
        {"Name": "LoadBalancer", "Value": "app/shop/1"},
        {"Name": "TargetGroup", "Value": group},
    ]
    moment = datetime.fromtimestamp(at, tz=UTC)
    data = {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Timestamp": moment}
    aws.cloudwatch.put_metric_data(Namespace="AWS/ApplicationELB", MetricData=[data])


def test_answers_of_all_target_groups_since_the_bake_began(aws: Any) -> None:
    """Both colours count, other services and earlier minutes don't."""
    for group, at, requests, errors in (
        ("targetgroup/blue/2", NOW, 100, 1),
        ("targetgroup/green/3", NOW + 60, 200, 2),
        ("targetgroup/blue/2", NOW - 60, 5000, 5000),
        ("targetgroup/other/4", NOW, 7, 7),
    ):
        put(aws, "RequestCount", group, requests, at)
        put(aws, "HTTPCode_Target_5XX_Count", group, errors, at)
    other = baking("users", groups=(f"{ARN}targetgroup/other/4",))
    found = bake.read_answers(cast(Aws, aws), [baking(), other])
    assert found == {
        "orders": Answers(requests=300, errors=3),
        "users": Answers(requests=7, errors=7),
    }


def test_services_that_began_at_other_times(aws: Any) -> None:
    """One call serves all; each counts from its own beginning."""
    for at in (NOW, NOW + 120):
        put(aws, "RequestCount", "targetgroup/blue/2", 10, at)
    early, late = baking("early", groups=(BLUE,)), baking("late", groups=(BLUE,), since=NOW + 120)
    found = bake.read_answers(cast(Aws, aws), [early, late])
    assert (found["early"].requests, found["late"].requests) == (20, 10)


def test_alarms_in_batches(aws: Any) -> None:
    """More alarms than one call takes are all read; one that is not there is left out."""
    names = [f"alarm-{number}" for number in range(bake.BATCH + 5)]
    for name in names:
        aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="m",
            Namespace="n",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    aws.cloudwatch.set_alarm_state(AlarmName=names[-1], StateValue="ALARM", StateReason="3 > 1")
    found = bake.read_alarms(cast(Aws, aws), [*names, "gone"])
    assert set(found) == set(names)
    assert (found[names[-1]].state, found[names[-1]].reason) == ("ALARM", "3 > 1")
    assert found[names[-1]].since > NOW - 10**9


class Script:
    """Looks that were written before; keeps what was asked and how long it was waited."""

    def __init__(self, *looks: dict[str, str]) -> None:
        self.looks, self.waits = list(looks), list[float]()
        self.asked: list[list[str]] = []

    def look(self, _aws: Any, services: Any, _say: Any) -> dict[str, str]:
        self.asked.append([each.name for each in services])
        return self.looks.pop(0)


def test_one_bad_service_ends_and_the_others_bake_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem is told at once; what is over without one is fine; nobody is asked after that."""
    clock = [NOW]
    script = Script(
        {"orders": "", "users": "", "web": ""},
        {"orders": "boom", "users": "", "web": ""},
        {"users": "", "web": ""},
    )

    def pause(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(bake, "looked", script.look)
    monkeypatch.setattr("slipway.release.bake.time.time", lambda: clock[0])
    services = [baking("orders"), baking("users", seconds=20), baking("web", seconds=20)]
    ended = list(bake.bake(cast(Aws, None), services, say=print, pause=pause))
    assert ended == [("orders", "boom"), ("users", ""), ("web", "")]
    assert script.asked == [["orders", "users", "web"]] * 2 + [["users", "web"]]
    assert clock[0] == NOW + 20
