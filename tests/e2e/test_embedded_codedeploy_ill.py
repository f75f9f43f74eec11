"""Blue/green deployments in the embedded AWS whose green task set is never healthy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.opening import opened
from tests.e2e.shop import Shop, assert_serves

pytestmark = pytest.mark.e2e

MINUTE = 0.2
"""Seconds of a minute of CodeDeploy's: the hour that green has is over in twelve."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one` behind a load balancer."""
    with opened(tmp_path_factory.mktemp("shop"), MINUTE) as shop:
        yield shop


@pytest.fixture(autouse=True)
def _calm(shop: Shop) -> None:
    """Whatever the test before left: a short standby, and no deployment under way."""
    shop.calm()


@pytest.mark.parametrize("illness", ["SICK", "CRASH"])
def test_a_green_that_is_never_healthy_fails_in_the_end(shop: Shop, illness: str) -> None:
    """After an hour, with no request lost; nothing of it is left."""
    before = shop.get()
    with shop.traffic() as answers:
        identifier = shop.begin(shop.register("ill", **{illness: "1"}))
        info = shop.ended(identifier, seconds=180)
    assert info["status"] == "Failed"
    assert "60 minutes" in info["errorInformation"]["message"]
    assert set(answers) == {before}
    events = shop.events(identifier)
    assert (events["Install"], events["AllowTraffic"]) == ("Failed", "Skipped")
    assert_serves(shop, before)
