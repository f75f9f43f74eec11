"""What CodeDeploy in the embedded AWS refuses, what hooks decide, what services may change."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import wait_for
from tests.e2e.opening import open_shop, opened
from tests.e2e.shop import Shop, assert_serves

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


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"TaskDefinition": "shop:4711"}, "ECS_UPDATE_ERROR"),
        ({"LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 1}}, "ECS_UPDATE_ERROR"),
        ({"LoadBalancerInfo": {}}, "INVALID_REVISION"),
    ],
)
def test_a_revision_that_can_not_be_fails(shop: Shop, properties: Any, code: str) -> None:
    """At once, with nothing changed."""
    before = shop.get()
    info = shop.ended(shop.begin("shop:1", **properties))
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
    assert_serves(shop, before)


HOOK = """
import urllib.request
import botocore.session

def handler(event, context):
    with urllib.request.urlopen("http://HOST:8080/") as answer:
        good = answer.read().decode() == "WANTED"
    client = botocore.session.get_session().create_client("codedeploy")
    client.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if good else "Failed",
    )
"""


def make_hook(shop: Shop, name: str, wanted: str) -> None:
    """A function that looks at what the test listener answers, and reports."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        code = HOOK.replace("HOST", shop.host).replace("WANTED", wanted)
        archive.writestr("index.py", code)
    functions = shop.embedded.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/hook",
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


@pytest.mark.parametrize(("wanted", "status"), [("tested", "Succeeded"), ("other", "Failed")])
def test_a_hook_decides_after_test_traffic(shop: Shop, wanted: str, status: str) -> None:
    """It sees green through the test listener while production is blue's; then its word counts."""
    before = shop.get()
    make_hook(shop, f"CodeDeployHook_{wanted}", wanted)
    hooks = [{"AfterAllowTestTraffic": f"CodeDeployHook_{wanted}"}]
    identifier = shop.begin(shop.register("tested"), hooks=hooks)
    assert shop.ended(identifier)["status"] == status
    assert shop.events(identifier)["AfterAllowTestTraffic"] == status
    assert_serves(shop, "tested" if status == "Succeeded" else before)


def test_a_hook_that_can_not_be_called_fails(shop: Shop) -> None:
    """Its event says so, and the deployment is rolled back."""
    before = shop.get()
    hooks = [{"AfterInstall": "CodeDeployHook_none"}]
    identifier = shop.begin(shop.register("hooked"), hooks=hooks)
    info = shop.ended(identifier)
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert shop.events(identifier)["AfterInstall"] == "Failed"
    assert_serves(shop, before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"taskDefinition": "shop:1"}, "Unable to update task definition on services with"),
        ({"forceNewDeployment": True}, "Cannot force a new deployment on services with"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}}},
            "Unable to update network parameters on services with",
        ),
    ],
)
def test_update_service_refuses_what_is_for_codedeploy(shop: Shop, change: Any, words: str) -> None:
    """With AWS's own words; the desired count can be changed."""
    with pytest.raises(ClientError, match=words) as refused:
        shop.ecs.update_service(cluster=shop.name, service=shop.name, **change)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_the_desired_count_is_followed(shop: Shop) -> None:
    """Up and down, without a failure."""
    with shop.traffic() as answers:
        for count in (3, 2):
            shop.ecs.update_service(cluster=shop.name, service=shop.name, desiredCount=count)
            wait_for(
                f"{count} tasks",
                lambda count=count: (
                    [  # type: ignore[misc]
                        (s["runningCount"], s["stabilityStatus"]) for s in shop.service["taskSets"]
                    ]
                    == [(count, "STEADY_STATE")]
                ),
            )
    assert len(answers) == 1, answers


def test_a_service_has_one_task_set_until_it_is_deleted(shop: Shop) -> None:
    """The one that it was made with is primary; deleting, if it is forced, takes it along."""
    before = len(shop.embedded.containers)
    other = open_shop(shop.embedded, name="other")
    assert_serves(other, "one")
    (only,) = other.service["taskSets"]
    assert only["loadBalancers"][0]["targetGroupArn"] == other.groups["blue"]
    assert only["scale"] == {"value": 100.0, "unit": "PERCENT"}
    with pytest.raises(ClientError, match="scaled above 0"):
        other.ecs.delete_service(cluster="other", service="other")
    other.ecs.delete_service(cluster="other", service="other", force=True)
    wait_for("no service", lambda: other.service["status"] == "INACTIVE")
    wait_for("no containers", lambda: len(shop.embedded.containers) == before)
