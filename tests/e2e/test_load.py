"""Rollouts under load lose no request and break no connection, whoever carries the traffic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.checker import KEPT, SHORT, SLOW, checking
from tests.e2e.embedded import Embedded
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
