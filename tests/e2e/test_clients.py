"""The same behaviours by boto3, the AWS CLI and Terraform: the embedded AWS as its clients see it.

All clients do a step side by side, each with a service of its own, and then each is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from slipway.tools import provider_mirror
from tests.e2e.clients.api import ApiClient, Boto3, Cli
from tests.e2e.clients.protocol import CLUSTER, Client, Refused, World
from tests.e2e.clients.terraform import Terraform
from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

APIS = ("boto3", "cli")
ALL = (*APIS, "terraform")
PORTS = {"boto3": 8201, "cli": 8202, "terraform": 8203}
SHIFTED = {"boto3": 8211, "cli": 8212}
Clients = Mapping[str, Client]

STANDBY = 2880
"""Minutes, of two seconds each: until then a deployment is under way, however slow its client."""


def side_by_side(clients: Clients, step: Callable[[Any], Any]) -> None:
    """Do a step with all clients at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(step, clients.values()))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One instance for all clients; a minute takes two seconds."""
    embedded = Embedded.make(tmp_path_factory.mktemp("clients"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", "2")
        try:
            embedded.up()
            yield World.make(embedded)
        finally:
            embedded.reset()
            assert not embedded.containers


@pytest.fixture(scope="module")
def apis(world: World) -> dict[str, ApiClient]:
    return {
        "boto3": Boto3("boto3", world, PORTS["boto3"]),
        "cli": Cli("cli", world, PORTS["cli"]),
    }


@pytest.fixture(scope="module")
def clients(
    world: World, apis: dict[str, ApiClient], tmp_path_factory: pytest.TempPathFactory
) -> Clients:
    mirror = provider_mirror()
    if mirror is None:
        pytest.skip("no mirror with the provider here")
    folder = tmp_path_factory.mktemp("terraform")
    return {**apis, "terraform": Terraform(world, PORTS["terraform"], folder, mirror)}


@pytest.fixture(scope="module")
def shifted(clients: Clients) -> Iterator[Mapping[str, Future[Any]]]:
    """Each client's blue/green deployment: begun beside all else, as it takes the longest."""
    apis = [client for client in clients.values() if isinstance(client, ApiClient)]
    with ThreadPoolExecutor() as pool:
        yield {one.name: pool.submit(shift, one, SHIFTED[one.name]) for one in apis}


@pytest.fixture(scope="module")
def created(clients: Clients, shifted: Any) -> Clients:
    side_by_side(clients, lambda client: client.create())
    return clients


@pytest.fixture(scope="module")
def updated(world: World, created: Clients) -> Clients:
    for name in created:
        world.settled(name)
    side_by_side(created, lambda client: client.update(VERSION="two"))
    return created


@pytest.fixture(scope="module")
def broken(world: World, updated: Clients) -> Mapping[str, str]:
    """The revisions that served before each client brought one that ends at once."""
    good = {name: world.settled(name)["taskDefinition"] for name in updated}
    side_by_side(updated, lambda client: client.update(VERSION="bad", CRASH="1"))
    return good


@pytest.mark.parametrize("name", ALL)
def test_a_service_is_served(world: World, created: Clients, name: str) -> None:
    """Behind its load balancer, with the secret injected; the client finds it as it asked."""
    world.serves(PORTS[name], f"secret of {name}")
    world.settled(name)
    assert created[name].differences() == []


@pytest.mark.parametrize("name", ALL)
def test_an_update_is_served(world: World, updated: Clients, name: str) -> None:
    """The new revision, alone."""
    world.serves(PORTS[name], "two")
    world.settled(name)
    assert updated[name].differences() == []


@pytest.mark.parametrize("name", ALL)
def test_a_failed_update_is_rolled_back(
    world: World, updated: Clients, broken: Mapping[str, str], name: str
) -> None:
    """The good revision serves on, and the client is shown what happened."""

    def rolled_back() -> bool:
        messages = [event["message"] for event in world.service(name)["events"]]
        return any("rolling back to deployment" in message for message in messages)

    wait_for("the rollback", rolled_back, 120)
    assert world.settled(name)["taskDefinition"] == broken[name]
    assert world.get(PORTS[name]) == "two"
    assert updated[name].notices(broken[name])


def shift(client: ApiClient, port: int) -> tuple[str, Refused]:
    """Make a blue/green service and begin a deployment of it."""
    name = f"{client.name}-shifted"
    groups = {colour: client.make_group(f"{client.name}-{colour}") for colour in ("blue", "green")}
    listener = client.make_listener(port, groups["blue"])
    blue = client.register(name, environment=[{"name": "VERSION", "value": "blue"}])
    controller = {"type": "CODE_DEPLOY"}
    client.make_service(name, groups["blue"], blue, deploymentController=controller)
    make_deployment_group(client, name, listener)
    client.world.serves(port, "blue")
    green = client.register(name, environment=[{"name": "VERSION", "value": "green"}])
    identifier = deploy(client, name, green)["deploymentId"]
    with pytest.raises(Refused) as second:
        deploy(client, name, green)
    return identifier, second.value


def make_deployment_group(client: ApiClient, name: str, listener: str) -> None:
    client.call("codedeploy", "CreateApplication", applicationName=name, computePlatform="ECS")
    pair = {
        "targetGroups": [{"name": f"{client.name}-{colour}"} for colour in ("blue", "green")],
        "prodTrafficRoute": {"listenerArns": [listener]},
    }
    client.call(
        "codedeploy",
        "CreateDeploymentGroup",
        applicationName=name,
        deploymentGroupName=name,
        serviceRoleArn="arn:aws:iam::000000000000:role/codedeploy",
        deploymentStyle={
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": STANDBY,
            },
        },
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
        ecsServices=[{"clusterName": CLUSTER, "serviceName": name}],
    )


def deploy(client: ApiClient, name: str, definition: str) -> Any:
    target = {
        "TaskDefinition": definition,
        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8000},
    }
    service = {"Type": "AWS::ECS::Service", "Properties": target}
    content = {"version": 0.0, "Resources": [{"TargetService": service}]}
    return client.call(
        "codedeploy",
        "CreateDeployment",
        applicationName=name,
        deploymentGroupName=name,
        deploymentConfigName="CodeDeployDefault.ECSAllAtOnce",
        revision={
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": json.dumps(content)},
        },
    )


@pytest.mark.parametrize("name", APIS)
def test_a_blue_green_deployment_tells_its_events(
    world: World, apis: dict[str, ApiClient], shifted: Mapping[str, Future[Any]], name: str
) -> None:
    """To its end; a second one beside it is refused."""
    identifier, second = shifted[name].result()
    assert second.code == "DeploymentLimitExceededException"
    assert f"already has an active Deployment '{identifier}'" in second.message
    world.serves(SHIFTED[name], "green")
    observer = world.embedded.client("codedeploy")

    def info() -> Any:
        return observer.get_deployment(deploymentId=identifier)["deploymentInfo"]

    wait_for("standby", lambda: info()["instanceTerminationWaitTimeStarted"], 60)
    apis[name].call(
        *("codedeploy", "ContinueDeployment"),
        deploymentId=identifier,
        deploymentWaitType="TERMINATION_WAIT",
    )
    wait_for("its end", lambda: info()["status"] == "Succeeded", 60)
    found = apis[name].call(
        "codedeploy",
        "GetDeploymentTarget",
        deploymentId=identifier,
        targetId=f"{CLUSTER}:{name}-shifted",
    )["deploymentTarget"]["ecsTarget"]
    events = {event["lifecycleEventName"]: event["status"] for event in found["lifecycleEvents"]}
    assert list(events) == [
        *("BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic"),
        *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
    ]
    assert events["Install"] == events["AllowTraffic"] == "Succeeded"
    assert "PRIMARY" in [one["status"] for one in found["taskSetsInfo"]]


@pytest.mark.parametrize("name", APIS)
def test_a_task_tells_its_exit_code(apis: dict[str, ApiClient], name: str) -> None:
    """Of a command that stands in for the container's own."""
    client = apis[name]
    override = {"name": "app", "command": ["python3", "-c", "raise SystemExit(7)"]}
    started = client.call(
        "ecs",
        "RunTask",
        cluster=CLUSTER,
        taskDefinition=client.register(f"{name}-once"),
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        overrides={"containerOverrides": [override]},
    )
    arn = started["tasks"][0]["taskArn"]
    observer = client.world.embedded.client("ecs")

    def stopped() -> bool:
        task = observer.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
        return bool(task["lastStatus"] == "STOPPED")

    wait_for("its end", stopped, 60)
    task = client.call("ecs", "DescribeTasks", cluster=CLUSTER, tasks=[arn])["tasks"][0]
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][0]["exitCode"] == 7


NET = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
REFUSALS: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        *("ecs", "UpdateService", {"cluster": CLUSTER, "service": "none"}),
        *("ServiceNotFoundException", "Service not found."),
    ),
    (
        *("ecs", "UpdateService", {"cluster": "none", "service": "NAME"}),
        *("ClusterNotFoundException", "Cluster not found."),
    ),
    (
        *("ecs", "UpdateService", {"cluster": CLUSTER, "service": "NAME", "taskDefinition": "x"}),
        *("ClientException", "TaskDefinition not found."),
    ),
    (
        "ecs",
        "UpdateService",
        {"cluster": CLUSTER, "service": "NAME-shifted", "taskDefinition": "NAME"},
        "InvalidParameterException",
        "Unable to update task definition on services with a CODE_DEPLOY deployment controller.",
    ),
    (
        "ecs",
        "CreateService",
        {
            "cluster": CLUSTER,
            "serviceName": "NAME",
            "taskDefinition": "NAME",
            "networkConfiguration": NET,
        },
        "InvalidParameterException",
        "Creation of service was not idempotent.",
    ),
    (
        *("ecs", "RunTask", {"cluster": CLUSTER, "taskDefinition": "NAME"}),
        "InvalidParameterException",
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        {
            "family": "bad",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "4096",
            "containerDefinitions": [{"name": "app", "image": "x"}],
        },
        "ClientException",
        "No Fargate configuration exists for given values: 256 CPU, 4096 memory.",
    ),
    (
        *("ecs", "DeleteCluster", {"cluster": CLUSTER}),
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
    ),
    (
        *("elbv2", "DescribeTargetGroups", {"Names": ["none"]}),
        *("TargetGroupNotFound", "One or more target groups not found"),
    ),
    (
        *("codedeploy", "GetDeployment", {"deploymentId": "d-ABCDEFGHI"}),
        *("DeploymentDoesNotExistException", "The deployment d-ABCDEFGHI could not be found"),
    ),
    (
        "codedeploy",
        "CreateDeployment",
        {"applicationName": "NAME-shifted", "deploymentGroupName": "none"},
        "DeploymentGroupDoesNotExistException",
        "",
    ),
    (
        "application-autoscaling",
        "RegisterScalableTarget",
        {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{CLUSTER}/none",
            "ScalableDimension": "ecs:service:DesiredCount",
        },
        "ValidationException",
        f"ECS service doesn't exist: service/{CLUSTER}/none",
    ),
    (
        *("secretsmanager", "GetSecretValue", {"SecretId": "none"}),
        *("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    ),
]


SPOKEN = ("ClientException", "InvalidParameterException", "TargetGroupNotFound")
"""Codes that the AWS CLI is asked for too: of both protocols, for it reads all of them alike."""


@pytest.mark.parametrize(
    ("name", "service", "operation", "parameters", "code", "words"),
    [
        pytest.param(name, *refusal, id=f"{name}-{refusal[1]}-{refusal[3]}")
        for name in APIS
        for refusal in REFUSALS
        if name == "boto3" or refusal[3] in SPOKEN
    ],
)
def test_errors_are_aws_s(
    apis: dict[str, ApiClient],
    created: Clients,
    shifted: Mapping[str, Future[Any]],
    name: str,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    code: str,
    words: str,
) -> None:
    """Code and words."""
    shifted[name].result()
    filled = {
        key: value.replace("NAME", name) if isinstance(value, str) else value
        for key, value in parameters.items()
    }
    with pytest.raises(Refused) as refused:
        apis[name].call(service, operation, **filled)
    assert refused.value.code == code
    assert words in refused.value.message


def test_terraform_is_told_errors_too(created: Clients) -> None:
    """A listener that is there twice is AWS's error in Terraform's words."""
    terraform = created["terraform"]
    assert isinstance(terraform, Terraform)
    with pytest.raises(Refused) as refused:
        terraform.run(
            *("apply", "-auto-approve", "-input=false", "-state=other.tfstate"),
            "-target=aws_lb_listener.this",
            name="other",
        )
    assert refused.value.code == "DuplicateListener"


@pytest.fixture(scope="module")
def destroyed(created: Clients, broken: Mapping[str, str]) -> Clients:
    side_by_side(created, lambda client: client.destroy())
    return created


@pytest.mark.parametrize("name", ALL)
def test_what_is_destroyed_is_gone(world: World, destroyed: Clients, name: str) -> None:
    """Its tasks as well."""
    wait_for("its end", lambda: world.service(name)["status"] == "INACTIVE", 60)
    groups = world.embedded.client("elbv2").describe_target_groups()["TargetGroups"]
    assert name not in [group["TargetGroupName"] for group in groups]
    wait_for("its port", lambda: world.get(PORTS[name]) == "ConnectionRefusedError", 30)
