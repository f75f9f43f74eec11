"""A shop of a test's own: a cluster with a service of two tasks behind a load balancer.

Rolled out by ECS itself, or by CodeDeploy behind a pair of target groups.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.e2e.checker import Span
from tests.e2e.embedded import Embedded, wait_for

MINUTE = 2.0
ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass
class Shop:
    """A service behind a load balancer; all that it is made of has its name."""

    embedded: Embedded
    name: str = "shop"
    controller: Literal["ECS", "CODE_DEPLOY"] = "CODE_DEPLOY"
    command: Sequence[str] = ()
    cpu: int = 256
    grace: int = 0
    image: str = ""
    host: str = ""
    registry: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        client = self.embedded.client
        self.ecs, self.elb, self.deploy = client("ecs"), client("elbv2"), client("codedeploy")

    @property
    def service(self) -> Any:
        return self.ecs.describe_services(cluster=self.name, services=[self.name])["services"][0]

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
            "command": list(self.command),
        }
        found = self.ecs.register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu=str(self.cpu),
            memory=str(2 * self.cpu),
            containerDefinitions=[container],
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def begin(self, definition: str, config: str = "ECSAllAtOnce", **properties: Any) -> str:
        """Begin a deployment; its id."""
        prefix = "CodeDeployDefault." if config.startswith("ECS") else f"{self.name}-"
        made = self.deploy.create_deployment(
            applicationName=self.name,
            deploymentGroupName=self.name,
            deploymentConfigName=prefix + config,
            revision=revision(definition, **properties),
        )
        return str(made["deploymentId"])

    def settled(self) -> bool:
        """Whether two healthy tasks of one version are there, and no others."""
        service = self.service
        if self.controller == "ECS":
            return self.completed()
        seen = [
            (s["status"], s["stabilityStatus"], s["runningCount"], s["pendingCount"])
            for s in service["taskSets"]
        ]
        return seen == [("PRIMARY", "STEADY_STATE", 2, 0)]

    def calm(self) -> None:
        """A short standby, and no deployment under way."""
        set_standby(self, 1)
        running = ["Created", "InProgress", "Ready"]
        for identifier in self.deploy.list_deployments(includeOnlyStatuses=running)["deployments"]:
            self.deploy.stop_deployment(deploymentId=identifier, autoRollbackEnabled=True)
            self.ended(identifier)

    def roll_out(self, strategy: str, version: str, **env: str) -> Span:
        """Bring a version out, to the end; when that was.

        By ECS, whatever the strategy, if ECS deploys the service; else by CodeDeploy's
        configuration of that name.
        """
        begin = time.monotonic()
        definition = self.register(version, **env)
        if self.controller == "ECS":
            self.ecs.update_service(cluster=self.name, service=self.name, taskDefinition=definition)
            wait_for(f"version {version}", self.completed, seconds=180)
        else:
            info = self.ended(self.begin(definition, strategy), seconds=180)
            assert info["status"] == "Succeeded", info
        return begin, time.monotonic()

    def completed(self) -> bool:
        """Whether one deployment is left, and is complete, with all old tasks gone."""
        service = self.service
        (first, *others) = service["deployments"]
        tasks = self.ecs.list_tasks(cluster=self.name, desiredStatus="STOPPED")["taskArns"]
        found = self.ecs.describe_tasks(cluster=self.name, tasks=tasks)["tasks"] if tasks else []
        ended = all(task["lastStatus"] == "STOPPED" for task in found)
        return not others and ended and first["rolloutState"] == "COMPLETED"

    def info(self, identifier: str) -> Any:
        return self.deploy.get_deployment(deploymentId=identifier)["deploymentInfo"]

    def target(self, identifier: str) -> Any:
        target = self.deploy.get_deployment_target(
            deploymentId=identifier, targetId=f"{self.name}:{self.name}"
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
        applicationName=shop.name,
        currentDeploymentGroupName=shop.name,
        blueGreenDeploymentConfiguration={
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": minutes,
            },
        },
    )


def assert_serves(shop: Shop, version: str) -> None:
    """One task set is left, it is healthy, and it answers everything."""

    wait_for("one steady task set", shop.settled)
    assert shop.service["deployments"] == []
    assert {shop.get() for _ in range(20)} == {version}
