"""Blue/green deployments in the embedded AWS, under traffic: shifts, stops, rollbacks, errors."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

NAME = "shop"
MINUTE = 2.0
ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass
class Shop:
    """A cluster with one blue/green service behind a load balancer."""

    embedded: Embedded
    image: str = ""
    host: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        client = self.embedded.client
        self.ecs, self.elb, self.deploy = client("ecs"), client("elbv2"), client("codedeploy")

    @property
    def service(self) -> Any:
        return self.ecs.describe_services(cluster=NAME, services=[NAME])["services"][0]

    def register(self, version: str, **env: str) -> str:
        container = {
            "name": "app",
            "image": self.image,
            "portMappings": [{"containerPort": 8000}],
            "environment": [
                {"name": name, "value": value}
                for name, value in {"VERSION": version, **env}.items()
            ],
            "stopTimeout": 5,
        }
        found = self.ecs.register_task_definition(
            family=NAME,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def begin(self, definition: str, config: str = "ECSAllAtOnce", **properties: Any) -> str:
        """Begin a deployment; its id."""
        prefix = "CodeDeployDefault." if config.startswith("ECS") else ""
        made = self.deploy.create_deployment(
            applicationName=NAME,
            deploymentGroupName=NAME,
            deploymentConfigName=prefix + config,
            revision=revision(definition, **properties),
        )
        return str(made["deploymentId"])

    def info(self, identifier: str) -> Any:
        return self.deploy.get_deployment(deploymentId=identifier)["deploymentInfo"]

    def target(self, identifier: str) -> Any:
        target = self.deploy.get_deployment_target(
            deploymentId=identifier, targetId=f"{NAME}:{NAME}"
        )
        return target["deploymentTarget"]["ecsTarget"]

    def events(self, identifier: str) -> dict[str, str]:
        events = self.target(identifier)["lifecycleEvents"]
        return {event["lifecycleEventName"]: event["status"] for event in events}

    def ended(self, identifier: str, seconds: float = 90) -> Any:
        """The deployment, and a rollback of it too, once they are over."""

        def seen() -> Any:
            info = self.info(identifier)
            if info["status"] not in ENDED:
                return None
            back = info.get("rollbackInfo", {}).get("rollbackDeploymentId")
            return info if not back or self.info(back)["status"] in ENDED else None

        return wait_for(f"the end of {identifier}", seen, seconds)

    def weight(self, identifier: str) -> int:
        """Percent of the traffic that green has."""
        sets = self.target(identifier)["taskSetsInfo"]
        return int(next((s["trafficWeight"] for s in sets if s["taskSetLabel"] == "Green"), 0))

    def shifted(self, identifier: str, percent: int) -> None:
        wait_for(f"{percent} % for green", lambda: self.weight(identifier) == percent)

    def get(self, path: str = "/", port: int = 80) -> str:
        """What the load balancer answers: the body of a 200, else the code or the error."""
        connection = http.client.HTTPConnection(self.host, port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
            return body if answer.status == 200 else str(answer.status)
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()

    @contextmanager
    def traffic(self, clients: int = 3) -> Iterator[Counter[str]]:
        """Ask all the time meanwhile; what was answered, counted."""
        answers: Counter[str] = Counter()
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                answers[self.get()] += 1
                time.sleep(0.01)

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield answers
        finally:
            over.set()
            for thread in threads:
                thread.join()


def revision(definition: str, **properties: Any) -> dict[str, Any]:
    hooks = properties.pop("hooks", [])
    target = {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "TaskDefinition": definition,
            "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8000},
            **properties,
        },
    }
    content = {"version": 0.0, "Resources": [{"TargetService": target}], "Hooks": hooks}
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(content)}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one` behind a load balancer; a minute takes two seconds."""
    embedded = Embedded.make(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", str(MINUTE))
        patch.setenv("EMBEDDED_AWS_LAMBDA", "1")
        try:
            embedded.up()
            yield open_shop(embedded)
        finally:
            embedded.reset()
            assert not embedded.containers


def open_shop(embedded: Embedded) -> Shop:
    embedded.client("ecr").create_repository(repositoryName="shop/app")
    shop = Shop(embedded, image=embedded.push("shop/app", "one"))
    balancer = shop.elb.create_load_balancer(Name=NAME, Subnets=["subnet-1", "subnet-2"])
    balancer = balancer["LoadBalancers"][0]
    shop.host = balancer["DNSName"]
    for name in ("blue", "green"):
        shop.groups[name] = make_group(shop, name)
    for kind, port in (("prod", 80), ("test", 8080)):
        made = shop.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Port=port,
            Protocol="HTTP",
            DefaultActions=[fixed("nothing here")],
        )
        shop.listeners[kind] = made["Listeners"][0]["ListenerArn"]
        for priority, path in ((10, "/*"), (5, "/other*")):
            action = forward(shop.groups["blue"]) if priority == 10 else fixed("other")
            shop.elb.create_rule(
                ListenerArn=shop.listeners[kind],
                Priority=priority,
                Conditions=[{"Field": "path-pattern", "Values": [path]}],
                Actions=[action],
            )
    open_service(shop)
    open_codedeploy(shop)
    wait_for("version one", lambda: shop.get() == "one")
    return shop


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


def fixed(text: str) -> dict[str, Any]:
    response = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": response}


def make_group(shop: Shop, name: str) -> str:
    made = shop.elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=8000,
        VpcId="vpc-1",
        TargetType="ip",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=4,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )
    arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "10"}
    shop.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
    return arn


def open_service(shop: Shop) -> None:
    shop.ecs.create_cluster(clusterName=NAME)
    target = {
        "targetGroupArn": shop.groups["blue"],
        "containerName": "app",
        "containerPort": 8000,
    }
    shop.ecs.create_service(
        cluster=NAME,
        serviceName=NAME,
        taskDefinition=shop.register("one"),
        desiredCount=2,
        launchType="FARGATE",
        deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=[target],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )


def open_codedeploy(shop: Shop) -> None:
    shop.deploy.create_application(applicationName=NAME, computePlatform="ECS")
    shop.deploy.create_deployment_config(
        deploymentConfigName="half",
        computePlatform="ECS",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 50, "canaryInterval": 6},
        },
    )
    pair = {
        "targetGroups": [{"name": "blue"}, {"name": "green"}],
        "prodTrafficRoute": {"listenerArns": [shop.listeners["prod"]]},
        "testTrafficRoute": {"listenerArns": [shop.listeners["test"]]},
    }
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    shop.deploy.create_deployment_group(
        applicationName=NAME,
        deploymentGroupName=NAME,
        serviceRoleArn="arn:aws:iam::000000000000:role/codedeploy",
        deploymentStyle={
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": 1,
            },
        },
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
        ecsServices=[{"clusterName": NAME, "serviceName": NAME}],
        autoRollbackConfiguration={"enabled": True, "events": events},
        alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]},
    )


def set_alarm(shop: Shop, state: str) -> None:
    watch = shop.embedded.client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="errors",
        Namespace="Test",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="the test says so")


def set_standby(shop: Shop, minutes: int) -> None:
    shop.deploy.update_deployment_group(
        applicationName=NAME,
        currentDeploymentGroupName=NAME,
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": minutes,
            },
        },
    )


@pytest.fixture(autouse=True)
def _calm(shop: Shop) -> None:
    """Whatever the test before left: a short standby, and no deployment under way."""
    set_standby(shop, 1)
    running = ["Created", "InProgress", "Ready"]
    for identifier in shop.deploy.list_deployments(includeOnlyStatuses=running)["deployments"]:
        shop.deploy.stop_deployment(deploymentId=identifier, autoRollbackEnabled=True)
        shop.ended(identifier)


def assert_serves(shop: Shop, version: str) -> None:
    """One task set is left, it is healthy, and it answers everything."""

    def steady() -> bool:
        seen = [
            (s["status"], s["stabilityStatus"], s["runningCount"], s["pendingCount"])
            for s in shop.service["taskSets"]
        ]
        return seen == [("PRIMARY", "STEADY_STATE", 2, 0)]

    wait_for("one steady task set", steady)
    assert shop.service["deployments"] == []
    assert {shop.get() for _ in range(20)} == {version}


def test_a_service_shows_its_task_set(shop: Shop) -> None:
    """The one that it was made with is primary; there are no deployments."""
    assert_serves(shop, "one")
    (only,) = shop.service["taskSets"]
    assert only["loadBalancers"][0]["targetGroupArn"] == shop.groups["blue"]
    assert only["scale"] == {"value": 100.0, "unit": "PERCENT"}


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
        shop.ecs.update_service(cluster=NAME, service=NAME, **change)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_the_desired_count_is_followed(shop: Shop) -> None:
    """Up and down, without a failure."""
    with shop.traffic() as answers:
        for count in (3, 2):
            shop.ecs.update_service(cluster=NAME, service=NAME, desiredCount=count)
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


def test_a_service_can_be_deleted(shop: Shop) -> None:
    """With all of its task sets, once it is forced."""
    with pytest.raises(ClientError, match="scaled above 0"):
        shop.ecs.delete_service(cluster=NAME, service=NAME)
    shop.ecs.delete_service(cluster=NAME, service=NAME, force=True)
    wait_for("no service", lambda: shop.service["status"] == "INACTIVE")
    wait_for("no containers", lambda: not shop.embedded.containers)
