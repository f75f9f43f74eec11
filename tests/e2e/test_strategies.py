"""Blue/green, canary and linear by the engine's own deploy: what takes over, and what does not.

Each test leaves the service deployed, with a standby that may go on.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.checkout import stop
from tests.e2e.shifting import HALF, HEALTH, MAIN, NAME, Shop, open_shop, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("strategies")) as made:
        yield made


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "linear"])
def test_a_change_takes_over_without_a_failed_request(shop: Shop, strategy: str) -> None:
    """Deployed means: all requests, of this version; and the way back is short for a while."""
    shop.choose(strategy)
    shop.change()
    old = shop.version
    with shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 0, ran.said
    assert "deployed" in ran.out
    assert traffic.failures == []
    assert set(traffic.versions) == {old, shop.version}
    assert shop.version != old
    assert "the old tasks stand by until" in ran.err
    assert "trying the new tasks" in ran.err
    assert bool(re.search(HALF, ran.err)) is (strategy != "blue_green")
    assert shop.shares() == [0, 100]


def test_the_same_again_is_unchanged(shop: Shop) -> None:
    """Even in the standby: nothing is begun, and the old tasks stay."""
    before = shop.running()
    ran = shop.deploy()
    assert (ran.code, "unchanged" in ran.out) == (0, True), ran.said
    assert shop.running() == before


def test_a_crash_never_gets_a_request_and_is_called_early(shop: Shop) -> None:
    """Rolled back with its cause in seconds; CodeDeploy's own limit is an hour."""
    shop.choose("canary")
    old = shop.version
    crash = (MAIN, "    from greeter.server import main", "sys.exit('no metadata, no service')")
    with shop.broken(*crash), shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 11, ran.said
    assert "exits with code 1" in ran.err
    assert "no metadata, no service" in ran.err
    assert traffic.failures == []
    assert set(traffic.versions) == {old}
    assert shop.shares() == [0, 100]


def test_what_fails_at_the_test_listener_never_gets_a_request(shop: Shop) -> None:
    """Healthy for the load balancer, wrong for whoever asks: tried before, and taken back."""
    old = shop.version
    wrong = (
        HEALTH,
        "    settings = request.app.state.settings",
        "assert ':8080' not in request.headers.get('host', ''), 'wrong at the test listener'",
    )
    with shop.broken(*wrong), shop.traffic().flowing() as traffic:
        ran = shop.deploy()
    assert ran.code == 11, ran.said
    assert "the new tasks were tried before their first requests: 500" in ran.err
    assert traffic.failures == []
    assert set(traffic.versions) == {old}


ALARM = "too-many-errors"


@contextmanager
def alarm(shop: Shop) -> Iterator[Any]:
    """An alarm that the deployment group watches, and that nothing but the test raises."""
    watch, codedeploy = shop.client("cloudwatch"), shop.client("codedeploy")
    watch.put_metric_alarm(
        AlarmName=ALARM,
        Namespace="Test",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    group = {"applicationName": NAME, "currentDeploymentGroupName": NAME}
    watched = {"enabled": True, "alarms": [{"name": ALARM}]}
    codedeploy.update_deployment_group(**group, alarmConfiguration=watched)
    try:
        yield watch
    finally:
        codedeploy.update_deployment_group(**group, alarmConfiguration={"enabled": False})


def test_an_alarm_during_the_shift_takes_it_back(shop: Shop) -> None:
    """A share of the requests has moved; all of them go back, and the alarm is named."""
    shop.change()
    old = shop.version
    with alarm(shop) as watch, shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local")
        until(process, HALF)
        for _ in range(20):
            watch.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="a test")
            time.sleep(0.2)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 11, out + err
    assert f"an alarm was raised during the deployment: {ALARM}" in err
    assert traffic.failures == []
    assert shop.version == old
    assert shop.shares() == [0, 100]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_shift_takes_it_back(shop: Shop, number: int) -> None:
    """All requests go to the old version again, no share stays behind, no request fails."""
    shop.choose("linear")
    shop.change()
    old = shop.version
    with shop.traffic().flowing() as traffic:
        process = shop.clone.start("deploy", "--env=local")
        until(process, HALF)
        ran = stop(process, number)
    assert ran.code == 128 + number, ran.said
    assert "went back to" in ran.err
    assert "Traceback" not in ran.said
    assert traffic.failures == []
    assert shop.version == old
    assert shop.shares() == [0, 100]


def test_a_change_of_the_controller_is_no_accident(shop: Shop) -> None:
    """Refused before anything changes; done where the gap is allowed, and back again."""
    shop.choose("rolling")
    refused = shop.deploy()
    assert refused.code == 9, refused.said
    assert "made anew" in refused.err
    [flag] = re.findall(r"--allow-destroy='([^']+)'", refused.err)
    ran = shop.deploy(f"--allow-destroy={flag}")
    assert ran.code == 0, ran.said
    assert shop.deploy().code == 0
