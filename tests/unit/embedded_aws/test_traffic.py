"""What load balancers count, and the metrics that follow."""

from __future__ import annotations

import pytest

from embedded_aws.loadbalancer.figures import Datum, Hosts, figures
from embedded_aws.loadbalancer.haproxy_log import answer
from embedded_aws.loadbalancer.traffic import Answer, Traffic, step

BALANCER = "arn:aws:elasticloadbalancing:us-west-1:000000000000:loadbalancer/app/shop/1"
GROUP = "arn:aws:elasticloadbalancing:us-west-1:000000000000:targetgroup/app/2"
OF_BALANCER = {"LoadBalancer": "app/shop/1"}
OF_GROUP = {"TargetGroup": "targetgroup/app/2"}
OF_BOTH = {**OF_BALANCER, **OF_GROUP}
NAMES = {"lb_a": BALANCER, "tg_b": GROUP}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("lb_a|tg_b|s0|200|34\n", Answer(BALANCER, GROUP, 200, 0.034)),
        ("lb_a|tg_b|s0|503|-1", Answer(BALANCER, GROUP, 503, None)),
        ("lb_a|tg_b|<NOSRV>|503|-1", Answer(BALANCER, "", 503, None)),
        ("lb_a|lb_a|<NOSRV>|301|-1", Answer(BALANCER, "", 301, None)),
        ("lb_a|lb_a|<NOSRV>|-1|-1", Answer(BALANCER, "", -1, None)),
        ("lb_a|again_lb_a|again|200|34", None),
        ("gone|tg_b|s0|200|34", None),
        ("Proxy lb_a started.", None),
    ],
)
def test_lines_of_the_log(line: str, found: Answer | None) -> None:
    """A target answered, failed, was not there, or was not wanted."""
    assert answer(line, NAMES) == found


def of(traffic: Traffic, hosts: Hosts | None = None, connections: int = 0) -> list[Datum]:
    found = {(BALANCER, GROUP): hosts} if hosts else {}
    return [d for _, d in figures(traffic.take(), found, {BALANCER: connections})]


def value(data: list[Datum], name: str, dimensions: dict[str, str]) -> float | None:
    found = [d.value for d in data if d.name == name and d.dimensions == dimensions]
    assert len(found) < 2
    return found[0] if found else None


def test_codes_of_targets_and_of_the_load_balancer_itself() -> None:
    """Requests are those for which a target was chosen; who went away gave no code."""
    traffic = Traffic()
    for status in (200, 204, 404, 500):
        traffic.note(Answer(BALANCER, GROUP, status, 0.01))
    traffic.note(Answer(BALANCER, GROUP, 502, None))
    traffic.note(Answer(BALANCER, "", 503, None))
    traffic.note(Answer(BALANCER, "", 200, None))
    traffic.note(Answer(BALANCER, GROUP, -1, None))
    data = of(traffic, Hosts(2, 1), connections=3)
    for dimensions in (OF_BALANCER, OF_BOTH):
        assert value(data, "RequestCount", dimensions) == 6
        assert value(data, "HTTPCode_Target_2XX_Count", dimensions) == 2
        assert value(data, "HTTPCode_Target_5XX_Count", dimensions) == 1
        assert value(data, "HTTPCode_Target_3XX_Count", dimensions) is None
    assert value(data, "HTTPCode_ELB_5XX_Count", OF_BALANCER) == 2
    assert value(data, "HTTPCode_ELB_2XX_Count", OF_BALANCER) is None
    assert value(data, "RequestCountPerTarget", OF_GROUP) == 3
    assert value(data, "RequestCountPerTarget", OF_BOTH) == 3
    assert value(data, "HealthyHostCount", OF_BOTH) == 2
    assert value(data, "UnHealthyHostCount", OF_BOTH) == 1
    assert value(data, "ActiveConnectionCount", OF_BALANCER) == 3


def test_without_traffic_requests_are_none() -> None:
    """Not unknown: what scales by them has to scale in."""
    data = of(Traffic(), Hosts(0, 0))
    assert value(data, "RequestCountPerTarget", OF_BOTH) == 0
    assert value(data, "RequestCount", OF_BALANCER) == 0
    assert value(data, "ActiveConnectionCount", OF_BALANCER) is None


def test_times_are_few_values_with_a_count() -> None:
    """Enough for percentiles, whatever the traffic."""
    traffic = Traffic()
    for number in range(1000):
        traffic.note(Answer(BALANCER, GROUP, 200, 0.1 + number / 10000))
    times = [d for d in of(traffic) if d.name == "TargetResponseTime"]
    assert sum(d.samples for d in times) == 1000
    assert len(times) < 10


@pytest.mark.parametrize("seconds", [0.0012, 0.034, 0.5, 1.0, 29.0])
def test_a_step_is_near_the_time(seconds: float) -> None:
    """Within five percent; what is too short to measure is a millisecond."""
    assert abs(step(seconds) - seconds) / seconds < 0.05
    assert step(0.0) == 0.001


def test_sums_begin_anew() -> None:
    """Once they were taken; requests under way are not among them."""
    traffic = Traffic()
    traffic.note(Answer(BALANCER, GROUP, 200, 0.01))
    with traffic.under_way(BALANCER):
        assert traffic.active()[BALANCER] == 1
        assert len(traffic.take()) == 2
    assert not traffic.take()
    assert traffic.active()[BALANCER] == 0
