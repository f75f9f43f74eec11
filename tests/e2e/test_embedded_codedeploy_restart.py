"""Deployments of CodeDeploy's go on after the end of the embedded AWS."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.e2e.embedded import wait_for
from tests.e2e.opening import opened
from tests.e2e.shop import Shop, assert_serves

pytestmark = pytest.mark.e2e

MINUTE = 2.0
"""Seconds of a minute of CodeDeploy's: an end and a start take less than a canary's six."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one` behind a load balancer."""
    with opened(tmp_path_factory.mktemp("shop"), MINUTE) as shop:
        yield shop


@pytest.fixture(autouse=True)
def _calm(shop: Shop) -> None:
    """Whatever the test before left: a short standby, and no deployment under way."""
    shop.calm()


@pytest.mark.parametrize("end", ["down", "kill -9"])
def test_a_restarted_instance_goes_on_with_a_deployment(shop: Shop, end: str) -> None:
    """Ended or killed in the middle of a canary, it comes to its end as if nothing had happened."""
    identifier = shop.begin(shop.register(end), "half")
    shop.shifted(identifier, 50)
    time.sleep(3)  # what is no older than two seconds may not be saved
    if end == "down":
        shop.embedded.down()
    else:
        os.kill(shop.embedded.status.pid, signal.SIGKILL)
        wait_for("the end", lambda: not shop.embedded.status.running)
    shop.embedded.up()
    assert shop.ended(identifier)["status"] == "Succeeded"
    if shop.embedded.status.problems:
        pytest.skip("another instance took the load balancer's address meanwhile")
    assert_serves(shop, end)
