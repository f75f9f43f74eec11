"""An ECS that answers from a script, for tests of rollouts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from slipway.rollout.model import Target

FAMILY = "arn:aws:ecs:us-west-1:000000000000:task-definition/local-app"


def definition(revision: int, image: str) -> dict[str, Any]:
    return {
        "taskDefinitionArn": f"{FAMILY}:{revision}",
        "revision": revision,
        "family": "local-app",
        "status": "ACTIVE",
        "registeredAt": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "containerDefinitions": [{"name": "app", "image": image}],
    }


def deployment(number: int, revision: int, state: str, *, primary: bool = True) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": "PRIMARY" if primary else "ACTIVE",
        "taskDefinition": f"{FAMILY}:{revision}",
        "rolloutState": state,
        "desiredCount": 1,
        "runningCount": 1,
        "pendingCount": 0,
    }


@dataclass
class FakeEcs:
    """Answers DescribeServices from a script of deployments lists; the last one stays."""

    script: list[list[dict[str, Any]]]
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    called: list[tuple[str, Any]] = field(default_factory=list)
    desired: int = 1
    stopped: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for revision, image in ((1, "repo@sha256:template"), (2, "repo@sha256:old")):
            self.definitions[f"{FAMILY}:{revision}"] = definition(revision, image)

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        self.called.append(("describe_services", services))
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return {"services": [self._service(name, now) for name in services]}

    def describe_task_definition(self, *, taskDefinition: str, include: Any) -> dict[str, Any]:  # noqa: N803
        if taskDefinition not in self.definitions:
            answer: Any = {"Error": {"Code": "ClientException", "Message": "Unable to describe"}}
            raise ClientError(answer, "DescribeTaskDefinition")
        return {"taskDefinition": self.definitions[taskDefinition], "tags": []}

    def register_task_definition(self, **wanted: Any) -> dict[str, Any]:
        revision = len(self.definitions) + 1
        made = {**wanted, "taskDefinitionArn": f"{FAMILY}:{revision}", "revision": revision}
        self.definitions[f"{FAMILY}:{revision}"] = made
        self.called.append(("register_task_definition", wanted))
        return {"taskDefinition": made}

    def update_service(
        self,
        *,
        cluster: str,
        service: str,
        taskDefinition: str = "",  # noqa: N803
        loadBalancers: Any = None,  # noqa: N803
        desiredCount: int | None = None,  # noqa: N803
        forceNewDeployment: bool = False,  # noqa: N803
    ) -> dict[str, Any]:
        self.called.append(("update_service", "forced" if forceNewDeployment else loadBalancers))
        self.desired = self.desired if desiredCount is None else desiredCount
        if not taskDefinition:
            return {"service": self._service(service, self.script[0])}
        revision = int(taskDefinition.rsplit(":", 1)[1])
        return {"service": self._service(service, [deployment(3, revision, "IN_PROGRESS")])}

    def get_paginator(self, name: str) -> Any:
        assert name == "list_tasks"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"taskArns": [task["taskArn"] for task in self.stopped]}]

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        return {"tasks": [task for task in self.stopped if task["taskArn"] in tasks]}

    def count(self, name: str) -> int:
        return sum(1 for called, _ in self.called if called == name)

    def _service(self, name: str, deployments: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": self.desired,
            "runningCount": 1,
            "loadBalancers": [{"targetGroupArn": "tg", "containerPort": 8000}],
            "deployments": deployments,
        }


@dataclass
class FakeElb:
    """A load balancer without targets."""

    def describe_target_health(self, **_: Any) -> dict[str, Any]:
        return {"TargetHealthDescriptions": []}


@dataclass
class FakeAws:
    ecs: FakeEcs
    elbv2: FakeElb = field(default_factory=FakeElb)


def target(image: str = "repo@sha256:new", **changes: Any) -> Target:
    known: dict[str, Any] = {
        "name": "app",
        "cluster": "local",
        "service": "local-app",
        "template": f"{FAMILY}:1",
        "image": image,
        "target_group": "tg",
        "port": 8000,
        "health_path": "/health",
        "timeout": 300,
    }
    return Target(**{**known, **changes})
