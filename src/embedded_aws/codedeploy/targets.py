"""The targets of a deployment: for ECS there is one, the service. Pure over the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.codedeploy.store import Store
from embedded_aws.json_api import ApiError, Handler, Record, Request

BATCH = 100
STATES = {
    "Created": "Pending",
    "Queued": "Pending",
    "Baking": "InProgress",
    "Stopped": "Failed",
}
"""States of a deployment that its target calls otherwise."""


class Targets:
    """The operations on deployment targets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "BatchGetDeploymentTargets": self.batch_get,
            "GetDeploymentTarget": self.get,
            "ListDeploymentTargets": self.list,
        }

    def get(self, request: Request) -> Mapping[str, Any]:
        deployment = self._store.deployment(request.get("deploymentId"))
        if not request.get("targetId"):
            message = "The deployment target ID was not specified."
            raise ApiError("DeploymentTargetIdRequiredException", message)
        return {"deploymentTarget": self._target(deployment, request["targetId"])}

    def batch_get(self, request: Request) -> Mapping[str, Any]:
        deployment = self._store.deployment(request.get("deploymentId"))
        identifiers = request.get("targetIds") or []
        if not identifiers:
            message = "The deployment target ID was not specified."
            raise ApiError("DeploymentTargetIdRequiredException", message)
        if len(identifiers) > BATCH:
            message = "The maximum number of targets is exceeded."
            raise ApiError("DeploymentTargetListSizeExceededException", message)
        return {"deploymentTargets": [self._target(deployment, one) for one in identifiers]}

    def list(self, request: Request) -> Mapping[str, Any]:
        deployment = self._store.deployment(request.get("deploymentId"))
        wanted = (request.get("targetFilters") or {}).get("TargetStatus")
        state = target_state(deployment)
        return {"targetIds": [target_id(deployment)] if not wanted or state in wanted else []}

    def _target(self, deployment: Record, identifier: str) -> Record:
        if identifier != target_id(deployment):
            message = f"The deployment target {identifier} does not belong to the deployment."
            raise ApiError("DeploymentTargetDoesNotExistException", message)
        scope, service = self._store.scope(), deployment["_service"]
        path = f"{service['cluster']}/{service['serviceName']}"
        times = [deployment["createTime"]]
        for event in deployment["_events"]:
            times += [event[field] for field in ("startTime", "endTime") if field in event]
        target = {
            "deploymentId": deployment["deploymentId"],
            "targetId": identifier,
            "targetArn": f"arn:aws:ecs:{scope.region}:{scope.account}:service/{path}",
            "lastUpdatedAt": max(times),
            "lifecycleEvents": deployment["_events"],
            "status": target_state(deployment),
            "taskSetsInfo": deployment.get("_task_sets") or [],
        }
        return {"deploymentTargetType": "ECSTarget", "ecsTarget": target}


def target_id(deployment: Record) -> str:
    service = deployment["_service"]
    return f"{service['cluster']}:{service['serviceName']}"


def target_state(deployment: Record) -> str:
    """The state of the service as a target of the deployment."""
    status = str(deployment["status"])
    return STATES.get(status, status)
