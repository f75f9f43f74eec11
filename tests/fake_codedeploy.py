"""A service that CodeDeploy rolls out, as a test moves it on: ECS, CodeDeploy and load balancer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from slipway.rollout.model import Target
from tests.fake_ecs import FAMILY, FakeEcs, target

BLUE, GREEN, LISTENER = "tg-blue", "tg-green", "listener"
ORDER = (
    *("BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic"),
    *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
)


class Refused(ClientError):
    """A client error of the class that botocore would raise."""

    def __init__(self, code: str) -> None:
        super().__init__({"Error": {"Code": code, "Message": code}}, "call")


class DeploymentLimitExceededException(Refused):
    pass


class DeploymentAlreadyCompletedException(Refused):
    pass


class DeploymentIsNotInReadyStateException(Refused):
    pass


class InvalidDeploymentStatusException(Refused):
    pass


class Exceptions:
    ClientError = ClientError
    DeploymentLimitExceededException = DeploymentLimitExceededException
    DeploymentAlreadyCompletedException = DeploymentAlreadyCompletedException
    DeploymentIsNotInReadyStateException = DeploymentIsNotInReadyStateException
    InvalidDeploymentStatusException = InvalidDeploymentStatusException


def task_set(number: int, revision: int, group: str, **changes: Any) -> dict[str, Any]:
    made = {
        "id": f"ecs-svc/{number}",
        "status": "ACTIVE",
        "taskDefinition": f"{FAMILY}:{revision}",
        "computedDesiredCount": 1,
        "runningCount": 1,
        "pendingCount": 0,
        "stabilityStatus": "STEADY_STATE",
        "loadBalancers": [{"targetGroupArn": group}],
    }
    return {**made, **changes}


@dataclass
class FakeShop(FakeEcs):
    """All the clients in one; `weight` is the green group's share, as the load balancer has it."""

    script: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])
    sets: list[dict[str, Any]] = field(default_factory=list)
    shifts: dict[str, dict[str, Any]] = field(default_factory=dict)
    weight: int = 0
    lose_answers: bool = False
    exceptions: Any = Exceptions

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sets = self.sets or [task_set(1, 2, BLUE, status="PRIMARY")]

    # --- ECS

    def _service(self, name: str, deployments: list[dict[str, Any]]) -> dict[str, Any]:
        made = super()._service(name, [])
        return {
            **made,
            "taskSets": [dict(each) for each in self.sets],
            "deploymentController": {"type": "CODE_DEPLOY"},
        }

    def update_service(self, *, cluster: str, service: str, desiredCount: int) -> Any:  # type: ignore[override]  # noqa: N803
        self.called.append(("update_service", desiredCount))
        self.desired = desiredCount

    # --- CodeDeploy

    def create_deployment(self, **wanted: Any) -> dict[str, Any]:
        self.called.append(("create_deployment", wanted))
        if self.running:
            raise DeploymentLimitExceededException("DeploymentLimitExceededException")
        made = self.begin(f"d-{len(self.shifts) + 1}", wanted["revision"])
        if self.lose_answers:
            raise DeploymentLimitExceededException("DeploymentLimitExceededException")
        return {"deploymentId": made["deploymentId"]}

    def begin(self, identifier: str, revision: Any = None, **changes: Any) -> dict[str, Any]:
        """A deployment that has begun."""
        pair = {"prodTrafficRoute": {"listenerArns": [LISTENER]}}
        end = {"terminationWaitTimeInMinutes": 10}
        made: dict[str, Any] = {
            "deploymentId": identifier,
            "status": "InProgress",
            "revision": revision or {},
            "loadBalancerInfo": {"targetGroupPairInfoList": [pair]},
            "blueGreenDeploymentConfiguration": {"terminateBlueInstancesOnDeploymentSuccess": end},
            "_at": "BeforeInstall",
            **changes,
        }
        self.shifts[identifier] = made
        return made

    @property
    def running(self) -> list[str]:
        over = ("Succeeded", "Failed", "Stopped")
        return [name for name, each in self.shifts.items() if each["status"] not in over]

    def list_deployments(self, **_: Any) -> dict[str, Any]:
        self.called.append(("list_deployments", None))
        return {"deployments": self.running}

    def batch_get_deployments(self, *, deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803
        self.called.append(("batch_get_deployments", deploymentIds))
        found = [self.shifts[each] for each in deploymentIds if each in self.shifts]
        return {"deploymentsInfo": [dict(each) for each in found]}

    def get_deployment_target(self, *, deploymentId: str, targetId: str) -> dict[str, Any]:  # noqa: N803
        assert targetId == "local:local-app"
        at = self.shifts[deploymentId]["_at"]
        place = ORDER.index(at) if at in ORDER else len(ORDER)
        states = ["Succeeded" if n < place else "Pending" for n in range(len(ORDER))]
        if place < len(ORDER):
            states[place] = "InProgress"
        events = [
            {"lifecycleEventName": name, "status": state}
            for name, state in zip(ORDER, states, strict=True)
        ]
        sets = [
            {"identifer": each["id"], "trafficWeight": float(self.share(each))}  # codespell:ignore
            for each in self.sets
        ]
        target = {"lifecycleEvents": events, "taskSetsInfo": sets}
        return {"deploymentTarget": {"ecsTarget": target}}

    def share(self, made: dict[str, Any]) -> int:
        green = made["loadBalancers"][0]["targetGroupArn"] == GREEN
        return self.weight if green else 100 - self.weight

    def continue_deployment(self, *, deploymentId: str, deploymentWaitType: str) -> None:  # noqa: N803
        self.called.append(("continue_deployment", (deploymentId, deploymentWaitType)))

    def stop_deployment(self, *, deploymentId: str, autoRollbackEnabled: bool) -> None:  # noqa: N803
        self.called.append(("stop_deployment", (deploymentId, autoRollbackEnabled)))
        if deploymentId not in self.running:
            raise DeploymentAlreadyCompletedException("DeploymentAlreadyCompletedException")

    # --- Load balancer

    def get_paginator(self, name: str) -> Any:
        return Rules(self) if name == "describe_rules" else super().get_paginator(name)

    def describe_target_health(self, **_: Any) -> dict[str, Any]:
        return {"TargetHealthDescriptions": []}

    # --- What a test lets happen

    def at(self, identifier: str, event: str, **changes: Any) -> None:
        """Let a deployment come to `event`; "" is after the last one."""
        self.shifts[identifier].update(_at=event, **changes)

    def green(self, identifier: str, revision: int, **changes: Any) -> None:
        """Let the deployment make its task set."""
        made = task_set(len(self.sets) + 1, revision, GREEN, externalId=identifier, **changes)
        self.sets = [*self.sets, made]

    def swap(self, *, weight: int = 100) -> None:
        """Make the newest task set the primary one."""
        for each in self.sets:
            each["status"] = "PRIMARY" if each is self.sets[-1] else "ACTIVE"
        self.weight = weight


@dataclass
class Rules:
    shop: FakeShop

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        weights = [(BLUE, 100 - self.shop.weight), (GREEN, self.shop.weight)]
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights]
        other = {"Actions": [{"Type": "forward", "TargetGroupArn": "tg-other"}]}
        ours = {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}
        return [{"Rules": [other, ours]}]


@dataclass
class FakeAws:
    shop: FakeShop

    @property
    def ecs(self) -> FakeShop:
        return self.shop

    codedeploy = elbv2 = ecs


def shifted(image: str = "repo@sha256:new", **changes: Any) -> Target:
    """A target that CodeDeploy rolls out."""
    names = {"application": "local-app", "group": "local-app", "strategy": "canary"}
    return target(image, **{**names, **changes})
