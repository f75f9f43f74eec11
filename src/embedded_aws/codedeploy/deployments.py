"""CreateDeployment and its like. Pure over the store: a rollout elsewhere acts on the records.

What is asked of a deployment while it runs stands in its record under `_asked`, for the rollout.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.codedeploy import checks, lifecycle
from embedded_aws.codedeploy.applications import BAD_TOKEN, PAGE
from embedded_aws.codedeploy.configs import Configs
from embedded_aws.codedeploy.groups import Problem
from embedded_aws.codedeploy.store import Store
from embedded_aws.json_api import ApiError, Handler, Record, Request, chosen, now, page

ENDED = ("Succeeded", "Failed", "Stopped")
STATUSES = ("Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready")
BATCH = 25
STOPPING = "No more commands will be scheduled for execution in the deployment instances"

TAKEN = (
    *("deploymentStyle", "blueGreenDeploymentConfiguration", "loadBalancerInfo"),
    "autoRollbackConfiguration",
)
"""What a deployment takes from its group when it begins."""


class Deployments:
    """The operations on deployments; `changed` is called after each that a rollout must see."""

    def __init__(
        self, store: Store, configs: Configs, problem: Problem, changed: Callable[[], None]
    ) -> None:
        self._store = store
        self._configs = configs
        self._problem = problem
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "BatchGetDeployments": self.batch_get,
            "ContinueDeployment": self.go_on,
            "CreateDeployment": self.create,
            "GetDeployment": self.get,
            "ListDeployments": self.list,
            "PutLifecycleEventHookExecutionStatus": self.hook_status,
            "StopDeployment": self.stop,
        }

    def create(self, request: Request) -> Mapping[str, Any]:
        name = request.get("deploymentGroupName")
        group = self._store.group(request.get("applicationName"), name)
        config = self._configs.find(
            request.get("deploymentConfigName") or group["deploymentConfigName"]
        )
        revision = _revision(request.get("revision"))
        checks.rollback(request.get("autoRollbackConfiguration"))
        checks.alarms(request.get("overrideAlarmConfiguration"))
        self._check_target(group, config)
        given = chosen(
            request, ("description", "autoRollbackConfiguration", "overrideAlarmConfiguration")
        )
        record = new_deployment(group, config, revision, self.previous(group), given)
        self._store.deployments[record["deploymentId"]] = record
        self._changed()
        return {"deploymentId": record["deploymentId"]}

    def previous(self, group: Record) -> Record | None:
        """The revision of the last good deployment of a group."""
        found = self._store.of_group(group["applicationName"], group["deploymentGroupName"])
        return next((d["revision"] for d in found if d["status"] == "Succeeded"), None)

    def _check_target(self, group: Record, config: Record) -> None:
        if group["computePlatform"] != "ECS":
            message = "Only deployments of the compute platform ECS can run here."
            raise ApiError("InvalidComputePlatformException", message)
        if config["computePlatform"] != "ECS":
            message = f"{config['deploymentConfigName']} is not for the compute platform ECS."
            raise ApiError("InvalidDeploymentConfigNameException", message)
        name = group["deploymentGroupName"]
        for other in self._store.of_group(group["applicationName"], name):
            if other["status"] not in ENDED:
                running = other["deploymentId"]
                message = (
                    f"The Deployment Group '{name}' already has an active Deployment '{running}'"
                )
                raise ApiError("DeploymentLimitExceededException", message)
        service = group["ecsServices"][0]
        problem = self._problem(service.get("clusterName", "default"), service["serviceName"])
        if problem:
            raise ApiError("InvalidECSServiceException", problem)

    def get(self, request: Request) -> Mapping[str, Any]:
        return {"deploymentInfo": shown(self._store.deployment(request.get("deploymentId")))}

    def batch_get(self, request: Request) -> Mapping[str, Any]:
        identifiers = request.get("deploymentIds") or []
        if not identifiers:
            raise ApiError("DeploymentIdRequiredException", "The deployment ID was not specified.")
        if len(identifiers) > BATCH:
            raise ApiError("BatchLimitExceededException", "The maximum number of ids is exceeded.")
        found = (self._store.deployments.get(identifier) for identifier in identifiers)
        return {"deploymentsInfo": [shown(deployment) for deployment in found if deployment]}

    def list(self, request: Request) -> Mapping[str, Any]:
        found = sorted(
            (d for d in list(self._store.deployments.values()) if self._asked_for(d, request)),
            key=lambda d: d["createTime"],
            reverse=True,
        )
        identifiers = [deployment["deploymentId"] for deployment in found]
        listed, token = page(identifiers, request.get("nextToken"), PAGE, BAD_TOKEN)
        return {"deployments": listed, **({"nextToken": token} if token else {})}

    def _asked_for(self, deployment: Record, request: Request) -> bool:
        application, group = request.get("applicationName"), request.get("deploymentGroupName")
        if group and not application:
            message = "The application name was not specified."
            raise ApiError("ApplicationNameRequiredException", message)
        statuses = request.get("includeOnlyStatuses") or STATUSES
        unknown = [status for status in statuses if status not in STATUSES]
        if unknown:
            message = f"The status {unknown[0]} is invalid."
            raise ApiError("InvalidDeploymentStatusException", message)
        times = request.get("createTimeRange") or {}
        return bool(
            application in (None, deployment["applicationName"])
            and group in (None, deployment["deploymentGroupName"])
            and deployment["status"] in statuses
            and times.get("start", 0) <= deployment["createTime"]
            and deployment["createTime"] <= times.get("end", float("inf"))
        )

    def stop(self, request: Request) -> Mapping[str, Any]:
        deployment = self._running(request.get("deploymentId"))
        back = request.get("autoRollbackEnabled")
        deployment["_asked"] = {**deployment["_asked"], "stop": True, "back": back}
        self._changed()
        return {"status": "Pending", "statusMessage": STOPPING}

    def go_on(self, request: Request) -> None:
        """Continue a deployment that waits: to shift traffic, or to end what it replaced."""
        deployment = self._running(request.get("deploymentId"))
        kind = request.get("deploymentWaitType") or "READY_WAIT"
        if kind not in ("READY_WAIT", "TERMINATION_WAIT"):
            message = f"The deployment wait type {kind} is invalid."
            raise ApiError("InvalidDeploymentWaitTypeException", message)
        waits = (
            deployment["status"] == "Ready"
            if kind == "READY_WAIT"
            else bool(deployment.get("instanceTerminationWaitTimeStarted"))
        )
        if not waits:
            message = f"The deployment {deployment['deploymentId']} is not in the Ready state."
            raise ApiError("DeploymentIsNotInReadyStateException", message)
        deployment["_asked"] = {**deployment["_asked"], kind: True}
        self._changed()

    def hook_status(self, request: Request) -> Mapping[str, Any]:
        """What a hook's function reports: Succeeded or Failed."""
        deployment = self._store.deployment(request.get("deploymentId"))
        execution = request.get("lifecycleEventHookExecutionId")
        status = request.get("status")
        if status not in ("Succeeded", "Failed"):
            message = f"The status {status} is invalid. It must be Succeeded or Failed."
            raise ApiError("InvalidLifecycleEventHookExecutionStatusException", message)
        current = deployment["_hook"]
        if not execution or execution not in deployment["_executions"]:
            message = "The lifecycle event hook execution ID is invalid."
            raise ApiError("InvalidLifecycleEventHookExecutionIdException", message)
        if execution != current.get("id") or current.get("status"):
            message = "The lifecycle event has already completed."
            raise ApiError("LifecycleEventAlreadyCompletedException", message)
        deployment["_hook"] = {**current, "status": status}
        self._changed()
        return {"lifecycleEventHookExecutionId": execution}

    def _running(self, identifier: Any) -> Record:
        deployment = self._store.deployment(identifier)
        if deployment["status"] in ENDED:
            message = f"The deployment {identifier} has already completed."
            raise ApiError("DeploymentAlreadyCompletedException", message)
        return deployment


def _revision(revision: Any) -> Record:
    if not revision:
        raise ApiError("RevisionRequiredException", "RevisionLocation must be specified")
    kind = revision.get("revisionType")
    inner = {"AppSpecContent": "appSpecContent", "String": "string"}.get(kind)
    if inner is None:
        message = "Only revisions of the type AppSpecContent or String can be deployed here."
        raise ApiError("InvalidRevisionException", message)
    if not (revision.get(inner) or {}).get("content"):
        raise ApiError("InvalidRevisionException", f"The {inner} of the revision has no content.")
    return {"revisionType": kind, inner: dict(revision[inner])}


def text_of(revision: Record) -> str:
    """The text of the AppSpec in a revision."""
    inner = "string" if revision["revisionType"] == "String" else "appSpecContent"
    return str(revision[inner]["content"])


def new_deployment(
    group: Record, config: Record, revision: Record, previous: Record | None, given: Record
) -> Record:
    """The record of a deployment that begins now."""
    identifier = "d-" + "".join(random.choices(string.ascii_uppercase + string.digits, k=9))  # noqa: S311
    service = group["ecsServices"][0]
    return {
        "applicationName": group["applicationName"],
        "deploymentGroupName": group["deploymentGroupName"],
        "deploymentConfigName": config["deploymentConfigName"],
        "deploymentId": identifier,
        "revision": revision,
        **({"previousRevision": previous} if previous else {}),
        "status": "Created",
        "createTime": now(),
        "deploymentOverview": overview("Created"),
        "creator": "user",
        "ignoreApplicationStopFailures": False,
        "updateOutdatedInstancesOnly": False,
        "instanceTerminationWaitTimeStarted": False,
        "fileExistsBehavior": "DISALLOW",
        "deploymentStatusMessages": [],
        "computePlatform": "ECS",
        **chosen(group, TAKEN),
        **given,
        "_alarms": given.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {},
        "_routing": config["trafficRoutingConfig"],
        "_service": {"cluster": service.get("clusterName", "default"), **service},
        "_events": lifecycle.events(),
        "_asked": {},
        "_hook": {},
        "_executions": [],
    }


def overview(status: str) -> Record:
    """How many targets are in which state; there is one, the service."""
    state = {"Created": "Pending", "Queued": "Pending", "Stopped": "Failed", "Baking": "InProgress"}
    names = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
    return {name: int(state.get(status, status) == name) for name in names}


def shown(deployment: Record) -> Record:
    """A deployment as the API shows it."""
    return {key: value for key, value in deployment.items() if not key.startswith("_")}
