"""Clients that make API calls: boto3, and the AWS CLI as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from abc import ABC, abstractmethod
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from slipway import local
from tests.e2e.clients.protocol import CLUSTER, GRACE, HEALTH, SUBNETS, Refused, World
from tests.e2e.embedded import REGION

AWSCLI = "1.46.2"
"""Of the package registry, with the botocore that it pins."""

AWS = ("uv", "tool", "run", "-q", "--from", f"awscli=={AWSCLI}", "aws")

COMMANDS = {"codedeploy": "deploy"}
"""Services that the AWS CLI has another name for."""

POLICY = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    "ScaleInCooldown": 300,
    "ScaleOutCooldown": 60,
}
NETWORK = {"awsvpcConfiguration": {"subnets": SUBNETS}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class ApiClient(ABC):
    """A client whose verbs are calls of the API; `port` is that of its listener."""

    def __init__(self, name: str, world: World, port: int) -> None:
        self.name, self.world, self.port = name, world, port
        self.group = self.listener = ""
        self.wanted = ""

    @abstractmethod
    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        """Make one call; `Refused` where the answer is an error."""

    def create(self) -> None:
        self.group = self.make_group(self.name)
        self.listener = self.make_listener(self.port, self.group)
        secret = self.world.secret(self.name)
        self.wanted = self.register(secrets=[{"name": "VERSION", "valueFrom": secret}])
        self.make_service(self.name, self.group, self.wanted, deploymentConfiguration=BREAKER)
        self.call(
            "application-autoscaling",
            "RegisterScalableTarget",
            **self.target,
            MinCapacity=1,
            MaxCapacity=3,
        )
        self.call(
            "application-autoscaling",
            "PutScalingPolicy",
            **self.target,
            PolicyName=self.name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=POLICY,
        )

    @property
    def target(self) -> dict[str, str]:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{CLUSTER}/{self.name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }

    def make_group(self, name: str) -> str:
        made = self.call(
            "elbv2",
            "CreateTargetGroup",
            Name=name,
            Protocol="HTTP",
            Port=8000,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckPath=HEALTH["path"],
            HealthCheckIntervalSeconds=HEALTH["interval"],
            HealthCheckTimeoutSeconds=HEALTH["timeout"],
            HealthyThresholdCount=HEALTH["healthy"],
            UnhealthyThresholdCount=HEALTH["unhealthy"],
        )
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "2"}
        self.call("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=[delay])
        return arn

    def make_listener(self, port: int, group: str) -> str:
        made = self.call(
            "elbv2",
            "CreateListener",
            LoadBalancerArn=self.world.balancer,
            Port=port,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def register(self, family: str = "", **container: Any) -> str:
        app = {
            "name": "app",
            "image": self.world.image,
            "portMappings": [{"containerPort": 8000}],
            "stopTimeout": 5,
        }
        made = self.call(
            "ecs",
            "RegisterTaskDefinition",
            family=family or self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{**app, **container}],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def make_service(self, name: str, group: str, definition: str, **more: Any) -> None:
        entry = {"targetGroupArn": group, "containerName": "app", "containerPort": 8000}
        self.call(
            "ecs",
            "CreateService",
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            loadBalancers=[entry],
            healthCheckGracePeriodSeconds=GRACE,
            **more,
        )

    def update(self, **env: str) -> None:
        pairs = [{"name": name, "value": value} for name, value in env.items()]
        self.wanted = self.register(environment=pairs)
        self.call(
            "ecs",
            "UpdateService",
            cluster=CLUSTER,
            service=self.name,
            taskDefinition=self.wanted,
        )

    def differences(self) -> list[str]:
        service = self.described
        states = [(d["status"], d["rolloutState"]) for d in service["deployments"]]
        health = self.call("elbv2", "DescribeTargetHealth", TargetGroupArn=self.group)
        targets = [t["TargetHealth"]["State"] for t in health["TargetHealthDescriptions"]]
        policies = self.call(
            "application-autoscaling", "DescribeScalingPolicies", ServiceNamespace="ecs"
        )["ScalingPolicies"]
        mine = [p for p in policies if p["PolicyName"] == self.name]
        tracked = [p["TargetTrackingScalingPolicyConfiguration"] for p in mine]
        found = {
            "task definition": (service["taskDefinition"], self.wanted),
            "deployments": (states, [("PRIMARY", "COMPLETED")]),
            "running": (service["runningCount"], 1),
            "targets": (targets, ["healthy"]),
            "policy": (tracked, [POLICY]),
        }
        return [
            f"{name}: {is_} is not {wanted}"
            for name, (is_, wanted) in found.items()
            if is_ != wanted
        ]

    @property
    def described(self) -> Any:
        found = self.call("ecs", "DescribeServices", cluster=CLUSTER, services=[self.name])
        return found["services"][0]

    def notices(self, before: str) -> bool:
        arns = self.call("ecs", "ListTasks", cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
        tasks = self.call("ecs", "DescribeTasks", cluster=CLUSTER, tasks=arns)["tasks"]
        ends = {
            (task["stopCode"], task["stoppedReason"], task["containers"][0]["exitCode"])
            for task in tasks
            if task["taskDefinitionArn"] == self.wanted
        }
        why = {("EssentialContainerExited", "Essential container in task exited", 1)}
        return ends == why and self.described["taskDefinition"] == before

    def destroy(self) -> None:
        self.call("application-autoscaling", "DeregisterScalableTarget", **self.target)
        self.call("ecs", "DeleteService", cluster=CLUSTER, service=self.name, force=True)
        self.call("elbv2", "DeleteListener", ListenerArn=self.listener)
        self.call("elbv2", "DeleteTargetGroup", TargetGroupArn=self.group)


class Boto3(ApiClient):
    """The SDK."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        client = self.world.embedded.client(service)
        try:
            return getattr(client, xform_name(operation))(**parameters)
        except ClientError as error:
            found = error.response["Error"]
            raise Refused(found["Code"], found["Message"]) from error


class Cli(ApiClient):
    """The AWS CLI; each call is a process."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        words = (COMMANDS.get(service, service), xform_name(operation, "-"))
        done = subprocess.run(
            [
                *AWS,
                *words,
                *("--output", "json", "--cli-input-json", json.dumps(parameters)),
            ],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise refused(done.stderr)
        return json.loads(done.stdout or "{}")

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **own,
            "AWS_ENDPOINT_URL": local.address(self.world.embedded.settings),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def refused(said: str) -> Refused:
    """The error that the AWS CLI prints."""
    found = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation.*?: (.*)", said)
    assert found, said
    return Refused(found[1], found[2].strip())
