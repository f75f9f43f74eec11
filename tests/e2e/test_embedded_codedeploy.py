"""Blue/green deployments in the embedded AWS, under traffic: shifts, stops, rollbacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import wait_for
from tests.e2e.opening import opened
from tests.e2e.shop import Shop, assert_serves, set_alarm, set_standby

pytestmark = pytest.mark.e2e

MINUTE = 1.0
"""Seconds of a minute of CodeDeploy's: an hour for green to be healthy is one of ours."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one` behind a load balancer."""
    with opened(tmp_path_factory.mktemp("shop"), MINUTE) as shop:
        yield shop


@pytest.fixture(autouse=True)
def _calm(shop: Shop) -> None:
    """Whatever the test before left: a short standby, and no deployment under way."""
    shop.calm()


@pytest.mark.parametrize("config", ["ECSAllAtOnce", "half", "ECSLinear10PercentEvery1Minutes"])
def test_a_deployment_shifts_all_traffic_without_a_failure(shop: Shop, config: str) -> None:
    """Whatever the way; blue goes after the standby, and the group it used is empty then."""
    before = shop.get()
    with shop.traffic() as answers:
        identifier = shop.begin(shop.register(config), config)
        info = shop.ended(identifier)
    assert info["status"] == "Succeeded", info
    assert set(answers) == {before, config}, answers
    assert_serves(shop, config)
    assert set(shop.events(identifier).values()) == {"Succeeded"}
    assert shop.get(port=8080) == config
    assert shop.get("/other") == "404"


def test_test_traffic_and_a_share_reach_green_first(shop: Shop) -> None:
    """The test listener has it all at once, production by the canary's half."""
    before = shop.get()
    identifier = shop.begin(shop.register("canary"), "half")
    shop.shifted(identifier, 50)
    wait_for("test traffic", lambda: shop.get(port=8080) == "canary", seconds=5)
    assert {shop.get() for _ in range(60)} == {before, "canary"}
    assert shop.events(identifier)["AllowTraffic"] == "InProgress"
    statuses = {s["taskSetLabel"]: s["status"] for s in shop.target(identifier)["taskSetsInfo"]}
    assert statuses == {"Blue": "PRIMARY", "Green": "ACTIVE"}
    with pytest.raises(ClientError) as refused:
        shop.begin(shop.register("other"))
    error = refused.value.response["Error"]
    assert error["Code"] == "DeploymentLimitExceededException"
    assert f"'{identifier}'" in error["Message"]
    assert shop.ended(identifier)["status"] == "Succeeded"
    assert_serves(shop, "canary")


def test_stopping_rolls_back(shop: Shop) -> None:
    """In the middle of a canary: all traffic is back, by a deployment that says why."""
    before = shop.get()
    with shop.traffic() as answers:
        identifier = shop.begin(shop.register("stopped"), "half")
        shop.shifted(identifier, 50)
        shop.deploy.stop_deployment(deploymentId=identifier, autoRollbackEnabled=True)
        info = shop.ended(identifier)
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "MANUAL_STOP"
    back = shop.info(info["rollbackInfo"]["rollbackDeploymentId"])
    assert (back["status"], back["creator"]) == ("Succeeded", "codeDeployRollback")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == identifier
    assert set(answers) == {before, "stopped"}, answers
    assert_serves(shop, before)


def test_an_alarm_rolls_back(shop: Shop) -> None:
    """The deployment names it; the next is possible once it is over."""
    before = shop.get()
    with shop.traffic() as answers:
        identifier = shop.begin(shop.register("alarming"), "half")
        shop.shifted(identifier, 50)
        set_alarm(shop, "ALARM")
        info = shop.ended(identifier)
    set_alarm(shop, "OK")
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert "<errors>" in info["errorInformation"]["message"]
    assert set(answers) == {before, "alarming"}, answers
    assert_serves(shop, before)


def test_the_standby_can_be_rolled_back_or_ended_early(shop: Shop) -> None:
    """While blue waits, it is a click away; continuing ends it at once."""
    before = shop.get()
    set_standby(shop, 100)
    identifier = shop.begin(shop.register("standby"))
    wait_for("standby", lambda: shop.info(identifier)["instanceTerminationWaitTimeStarted"])
    wait_for("green to be primary", lambda: shop.service["taskSets"][-1]["status"] == "PRIMARY")
    # As with AWS, the load balancer follows a moment after its API says so.
    wait_for("green to answer", lambda: {shop.get() for _ in range(20)} == {"standby"})
    shop.deploy.stop_deployment(deploymentId=identifier, autoRollbackEnabled=True)
    assert shop.ended(identifier)["status"] == "Stopped"
    assert_serves(shop, before)
    identifier = shop.begin(shop.register("again"))
    wait_for("standby", lambda: shop.info(identifier)["instanceTerminationWaitTimeStarted"])
    shop.deploy.continue_deployment(deploymentId=identifier, deploymentWaitType="TERMINATION_WAIT")
    assert shop.ended(identifier)["status"] == "Succeeded"
    assert_serves(shop, "again")
