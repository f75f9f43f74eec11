"""The sums of a while as CloudWatch's metrics of load balancers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from embedded_aws.loadbalancer.traffic import Tallies, Tally

Dimensions = Mapping[str, str]


class Datum(NamedTuple):
    """A value that was seen `samples` times."""

    name: str
    value: float
    unit: str
    dimensions: Dimensions
    samples: int = 1


class Hosts(NamedTuple):
    """Targets of a target group by their health."""

    healthy: int
    unhealthy: int


def figures(
    tallies: Tallies,
    hosts: Mapping[tuple[str, str], Hosts],
    connections: Mapping[str, int],
) -> Iterator[tuple[str, Datum]]:
    """Each metric with the ARN of its load balancer; `hosts` names all groups in use.

    As on AWS, counts of codes are there where they are not 0, and those of requests always.
    """
    for (balancer, group), found in hosts.items():
        for datum in _of_group(tallies.get((balancer, group), Tally()), balancer, group, found):
            yield balancer, datum
    for balancer in dict.fromkeys(balancer for balancer, _ in (*hosts, *tallies)):
        tally, dimensions = tallies.get((balancer, ""), Tally()), balancer_dimensions(balancer)
        for datum in (*_of_targets(tally, dimensions), *_own(tally, dimensions)):
            yield balancer, datum
        if connections.get(balancer):
            value = connections[balancer]
            yield balancer, Datum("ActiveConnectionCount", value, "Count", dimensions)


def balancer_dimensions(arn: str) -> dict[str, str]:
    """`app/name/id`, as AWS names a load balancer here."""
    return {"LoadBalancer": arn.partition("loadbalancer/")[2]}


def group_dimensions(arn: str) -> dict[str, str]:
    """`targetgroup/name/id`."""
    return {"TargetGroup": arn.rpartition(":")[2]}


def _of_group(tally: Tally, balancer: str, group: str, hosts: Hosts) -> Iterator[Datum]:
    alone = group_dimensions(group)
    both = {**alone, **balancer_dimensions(balancer)}
    yield from _of_targets(tally, both)
    each = tally.requests / max(1, hosts.healthy)
    for dimensions in (alone, both):
        yield Datum("RequestCountPerTarget", each, "Count", dimensions)
    yield Datum("HealthyHostCount", hosts.healthy, "Count", both)
    yield Datum("UnHealthyHostCount", hosts.unhealthy, "Count", both)


def _of_targets(tally: Tally, dimensions: Dimensions) -> Iterator[Datum]:
    yield Datum("RequestCount", tally.requests, "Count", dimensions)
    for code, count in sorted(tally.target.items()):
        yield Datum(f"HTTPCode_Target_{code}XX_Count", count, "Count", dimensions)
    for seconds, count in sorted(tally.times.items()):
        yield Datum("TargetResponseTime", seconds, "Seconds", dimensions, count)


def _own(tally: Tally, dimensions: Dimensions) -> Iterator[Datum]:
    for code, count in sorted(tally.own.items()):
        if code >= 3:
            yield Datum(f"HTTPCode_ELB_{code}XX_Count", count, "Count", dimensions)
