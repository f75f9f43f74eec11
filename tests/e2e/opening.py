"""What a shop is made of: an image, a load balancer, a service, and CodeDeploy's part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.shop import Shop


@contextmanager
def opened(root: Path, minute: float) -> Iterator[Shop]:
    """A blue/green shop in an instance of its own, whose minute takes so many seconds."""
    embedded = Embedded.make(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", str(minute))
        patch.setenv("EMBEDDED_AWS_LAMBDA", "1")
        try:
            embedded.up()
            yield open_shop(embedded)
        finally:
            embedded.reset()
            assert not embedded.containers


def open_shop(embedded: Embedded, **kinds: Any) -> Shop:
    """Version `one`, answering; `kinds` are fields of the shop."""
    shop = Shop(embedded, **kinds)
    embedded.client("ecr").create_repository(repositoryName=f"{shop.name}/app")
    shop.image = embedded.push(f"{shop.name}/app", "one")
    balancer = shop.elb.create_load_balancer(Name=shop.name, Subnets=["subnet-1", "subnet-2"])
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
    if shop.controller == "CODE_DEPLOY":
        open_codedeploy(shop)
    wait_for("version one", shop.settled)
    assert shop.get() == "one"
    return shop


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


def fixed(text: str) -> dict[str, Any]:
    response = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": response}


def make_group(shop: Shop, name: str) -> str:
    made = shop.elb.create_target_group(
        Name=f"{shop.name}-{name}",
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
    shop.ecs.create_cluster(clusterName=shop.name)
    target = {
        "targetGroupArn": shop.groups["blue"],
        "containerName": "app",
        "containerPort": 8000,
    }
    shop.ecs.create_service(
        cluster=shop.name,
        serviceName=shop.name,
        taskDefinition=shop.register("one"),
        desiredCount=2,
        healthCheckGracePeriodSeconds=shop.grace,
        launchType="FARGATE",
        deploymentController={"type": shop.controller},
        loadBalancers=[target],
        serviceRegistries=[{"registryArn": shop.registry}] if shop.registry else [],
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )


def open_codedeploy(shop: Shop) -> None:
    shop.deploy.create_application(applicationName=shop.name, computePlatform="ECS")
    shop.deploy.create_deployment_config(
        deploymentConfigName=f"{shop.name}-half",
        computePlatform="ECS",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 50, "canaryInterval": 6},
        },
    )
    pair = {
        "targetGroups": [{"name": f"{shop.name}-{name}"} for name in shop.groups],
        "prodTrafficRoute": {"listenerArns": [shop.listeners["prod"]]},
        "testTrafficRoute": {"listenerArns": [shop.listeners["test"]]},
    }
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    shop.deploy.create_deployment_group(
        applicationName=shop.name,
        deploymentGroupName=shop.name,
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
        ecsServices=[{"clusterName": shop.name, "serviceName": shop.name}],
        autoRollbackConfiguration={"enabled": True, "events": events},
        alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]},
    )
