"""CreateService, UpdateService, DeleteService and StopTask, as AWS answers them."""

from __future__ import annotations

from typing import Any

from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from embedded_aws.ecs import records, words
from embedded_aws.ecs.scheduler import Scheduler
from embedded_aws.ecs.tasks import rolls, tasks_of

Request = dict[str, Any]
Record = dict[str, Any]

NEW_DEPLOYMENT = (
    *("taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers"),
    *("capacityProviderStrategy", "serviceRegistries"),
)
"""Fields of UpdateService that begin a deployment when they change."""

SETTINGS = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "enableExecuteCommand"),
    *("enableECSManagedTags", "propagateTags", "availabilityZoneRebalancing"),
    *("placementConstraints", "placementStrategy"),
)
"""Fields that apply at once."""


class Api:
    """Handlers for the actions that need the scheduler; the rest stays MiniStack's."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._create = ecs._create_service
        self._update = ecs._update_service
        self._delete = ecs._delete_service

    def create_service(self, data: Request) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if cluster not in ecs._clusters:
            return _error("ClusterNotFoundException", "Cluster not found.")
        problem = _task_definition_problem(data.get("taskDefinition", ""))
        if problem:
            return problem
        status, headers, body = self._create(data)
        service = ecs._services.get(f"{cluster}/{data.get('serviceName')}")
        if status != 200 or not rolls(service):
            return status, headers, body
        with resource_lock("ecs-service", f"{cluster}/{service['serviceName']}"):
            for field in SETTINGS:
                if field in data:
                    service[field] = data[field]
            service["deployments"] = []
            records.begin(service, ecs._iso())
        self._scheduler.wake()
        return _answer(service)

    def update_service(self, data: Request) -> Any:
        key, service = _find(data)
        if service is None:
            return _error("ServiceNotFoundException", "Service not found.")
        if not rolls(service):
            return self._update(data)
        if service["status"] != "ACTIVE":
            return _error("ServiceNotActiveException", "Service was not ACTIVE.")
        problem = _task_definition_problem(data["taskDefinition"]) if _given(data) else None
        if problem:
            return problem
        with resource_lock("ecs-service", key):
            _take_over(service, data)
        self._scheduler.wake()
        return _answer(service)

    def delete_service(self, data: Request) -> Any:
        _, service = _find(data)
        if service is None:
            return _error("ServiceNotFoundException", "Service not found.")
        if not rolls(service):
            return self._delete(data)
        if service["desiredCount"] > 0 and not data.get("force"):
            message = "The service cannot be stopped while it is scaled above 0."
            return _error("InvalidParameterException", message)
        if service["status"] == "ACTIVE":
            service["desiredCount"], service["status"] = 0, "DRAINING"
            for deployment in service["deployments"]:
                deployment["desiredCount"] = 0
        if all(task["lastStatus"] == "STOPPED" for task in tasks_of(service)):
            service["status"] = "INACTIVE"
        self._scheduler.wake()
        return _answer(service)

    def stop_task(self, data: Request) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if cluster not in ecs._clusters:
            return _error("ClusterNotFoundException", "Cluster not found.")
        task = ecs._resolve_task(data.get("task", ""), cluster)
        if task is None:
            message = "The referenced task was not found."
            return _error("InvalidParameterException", message)
        reason = data.get("reason") or "Task stopped by user"
        self._scheduler.ending.stop(task, reason, words.USER, drain=False)
        return ecs.json_response({"task": ecs._sanitize(task)})


def _given(data: Request) -> bool:
    return data.get("taskDefinition") is not None


def _find(data: Request) -> tuple[str, Record | None]:
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    reference = ecs._resolve_service_ref(data.get("service", ""))
    if reference is None or reference[1] not in (None, cluster):
        return "", None
    key = f"{cluster}/{reference[0]}"
    return key, ecs._services.get(key)


def _task_definition_problem(reference: str) -> Any:
    found = ecs._task_defs.get(ecs._resolve_td_key(reference))
    if found is None:
        return _error("ClientException", "TaskDefinition not found.")
    if found["status"] != "ACTIVE":
        return _error("ClientException", "TaskDefinition is inactive")
    return None


def _take_over(service: Record, data: Request) -> None:
    """Apply an update; begin a deployment where it changes what runs."""
    now = ecs._iso()
    wanted = {field: data[field] for field in NEW_DEPLOYMENT if data.get(field) is not None}
    if "taskDefinition" in wanted:
        key = ecs._resolve_td_key(wanted["taskDefinition"])
        wanted["taskDefinition"] = ecs._task_defs[key]["taskDefinitionArn"]
    changed = any(service.get(field) != value for field, value in wanted.items())
    service.update(wanted)
    settings = {field: data[field] for field in SETTINGS if field in data}
    if "deploymentConfiguration" in settings:
        # What an update leaves out keeps its value.
        before = service.get("deploymentConfiguration") or {}
        settings["deploymentConfiguration"] = {**before, **settings["deploymentConfiguration"]}
    service.update(settings)
    if data.get("desiredCount") is not None:
        _scale(service, int(data["desiredCount"]), now)
    if changed or data.get("forceNewDeployment"):
        records.begin(service, now)


def _scale(service: Record, desired: int, now: str) -> None:
    if desired != service["desiredCount"]:
        service["_steady"] = False
    service["desiredCount"] = desired
    deployment = records.primary(service)
    if deployment:
        deployment["desiredCount"], deployment["updatedAt"] = desired, now


def _answer(service: Record) -> Any:
    return ecs.json_response({"service": ecs._sanitize(service)})


def _error(kind: str, message: str) -> Any:
    return ecs.error_response_json(kind, message, 400)
