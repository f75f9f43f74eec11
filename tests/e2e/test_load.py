"""Rollouts under load lose no request and break no connection, whoever carries the traffic."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.checker import KEPT, SHORT, SLOW, Load, checking
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.opening import fixed
from tests.e2e.under_load import MINUTE, STRATEGIES, open_for, variant

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["haproxy", "builtin"])
def embedded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedded]:
    """An instance whose minute is a second."""
    embedded = Embedded.make(tmp_path_factory.mktemp("load"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", MINUTE)
        patch.setenv("EMBEDDED_AWS_FORWARDER", request.param)
        try:
            embedded.up()
            yield embedded
        finally:
            embedded.reset()
            assert not embedded.containers


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_rollout_loses_no_request(embedded: Embedded, strategy: str) -> None:
    """With connections that are kept, short ones, and requests that take two seconds.

    The first version exits at once on SIGTERM, whatever it has begun.
    """
    shop = open_for(embedded, strategy)
    with checking(shop.host) as check:
        shop.roll_out(STRATEGIES[strategy], "two", **variant(1))
    report = check.report
    assert not report.problems, report.problems
    assert set(report.versions) == {"one", "two"}
    assert all(len(report.of(kind).samples) > 5 for kind in (KEPT, SHORT, SLOW))
    assert len(report.samples) > 500


def test_other_listeners_come_and_go(embedded: Embedded) -> None:
    """What HAProxy has to be reloaded for breaks no connection of a service that has nothing to do
    with it, not even one that is kept and seldom used."""
    shop = open_for(embedded, "rolling", "neighbour")
    balancer = shop.elb.describe_load_balancers(Names=[shop.name])["LoadBalancers"][0]
    with checking(shop.host, Load(rate=10.0)) as seldom, checking(shop.host) as check:
        for port in range(9001, 9006):
            made = shop.elb.create_listener(
                LoadBalancerArn=balancer["LoadBalancerArn"],
                Protocol="HTTP",
                Port=port,
                DefaultActions=[fixed("here")],
            )
            wait_for("the listener", lambda port=port: shop.get(port=port) == "404")  # type: ignore[misc]
            shop.elb.delete_listener(ListenerArn=made["Listeners"][0]["ListenerArn"])
            time.sleep(1)
    assert not check.report.problems, check.report.problems
    assert not seldom.report.problems, seldom.report.problems
