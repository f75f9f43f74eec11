"""CreateService, UpdateService and DeleteService for services that CodeDeploy rolls out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from embedded_aws.codedeploy import tasksets
from embedded_aws.codedeploy.sets import deploys
from embedded_aws.ecs.api import SETTINGS
from embedded_aws.ecs.tasks import tasks_of

if TYPE_CHECKING:
    from embedded_aws.codedeploy.sets import TaskSets

Request = dict[str, Any]
Record = dict[str, Any]
Handler = Callable[[Request], Any]

REFUSED = {
    "taskDefinition": "Unable to update task definition",
    "networkConfiguration": "Unable to update network parameters",
    "loadBalancers": "Unable to update load balancers",
    "platformVersion": "Unable to update platform version",
    "capacityProviderStrategy": "Unable to update capacity provider strategy",
    "serviceRegistries": "Unable to update service registries",
    "forceNewDeployment": "Cannot force a new deployment",
}
"""What UpdateService can't do here, and how AWS's answer begins."""

ELSEWHERE = (
    "{} on services with a CODE_DEPLOY deployment controller. "
    "Use AWS CodeDeploy to trigger a new deployment."
)


class Api:
    """Handlers that answer for CODE_DEPLOY services and hand on all others."""

    def __init__(
        self, sets: TaskSets, create: Handler, update: Handler, delete: Handler, wake: Any
    ) -> None:
        self._sets = sets
        self._create, self._update, self._delete = create, update, delete
        self._wake = wake

    def create_service(self, data: Request) -> Any:
        if not deploys(data):
            return self._create(data)
        problem = _problem(data)
        if problem:
            return _error("InvalidParameterException", problem)
        # Nothing may be started before the task set is there.
        status, headers, body = self._create({**data, "desiredCount": 0})
        key, service = _find({**data, "service": data.get("serviceName", "")})
        if status != 200 or service is None:
            return status, headers, body
        with resource_lock("ecs-service", key):
            service.update({field: data[field] for field in SETTINGS if field in data})
            service["deployments"], service["taskSets"] = [], []
            service["desiredCount"] = int(data.get("desiredCount", 1))
            now = round(time.time(), 3)
            first = tasksets.new(service, now)
            tasksets.make_primary(service, first["id"], now)
        return self._answer(key, service)

    def update_service(self, data: Request) -> Any:
        key, service = _find(data)
        if service is None or not deploys(service):
            return self._update(data)
        if service["status"] != "ACTIVE":
            return _error("ServiceNotActiveException", "Service was not ACTIVE.")
        for field, words in REFUSED.items():
            if data.get(field) and not _same(service, field, data[field]):
                return _error("InvalidParameterException", ELSEWHERE.format(words))
        with resource_lock("ecs-service", key):
            service.update({field: data[field] for field in SETTINGS if field in data})
            if data.get("desiredCount") is not None:
                service["desiredCount"] = int(data["desiredCount"])
        return self._answer(key, service)

    def delete_service(self, data: Request) -> Any:
        key, service = _find(data)
        if service is None or not deploys(service):
            return self._delete(data)
        if service["desiredCount"] > 0 and not data.get("force"):
            message = "The service cannot be stopped while it is scaled above 0."
            return _error("InvalidParameterException", message)
        if service["status"] == "ACTIVE":
            service["desiredCount"], service["status"] = 0, "DRAINING"
        if all(task["lastStatus"] == "STOPPED" for task in tasks_of(service)):
            service["status"] = "INACTIVE"
        return self._answer(key, service)

    def _answer(self, key: str, service: Record) -> Any:
        self._sets.sync(key, service)
        self._wake()
        return ecs.json_response({"service": ecs._sanitize(service)})


def _problem(data: Request) -> str:
    """Why AWS would not make such a service, or nothing."""
    if len(data.get("loadBalancers") or []) != 1:
        return "Services with a CODE_DEPLOY deployment controller need exactly one load balancer."
    breaker = (data.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    if breaker.get("enable"):
        return (
            "Deployment circuit breaker feature is not supported with the CODE_DEPLOY "
            "deployment controller."
        )
    return ""


def _same(service: Record, field: str, value: Any) -> bool:
    """Whether an update says what is so already; AWS refuses the task definition even then."""
    if field in ("taskDefinition", "forceNewDeployment"):
        return False
    return bool(service.get(field) == value)


def _find(data: Request) -> tuple[str, Record | None]:
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    reference = ecs._resolve_service_ref(data.get("service", ""))
    if reference is None or reference[1] not in (None, cluster):
        return "", None
    key = f"{cluster}/{reference[0]}"
    return key, ecs._services.get(key)


def _error(kind: str, message: str) -> Any:
    return ecs.error_response_json(kind, message, 400)
