"""The books of a service: deployments and events, on MiniStack's record of it. Pure.

Keys that begin with `_` are ours and are never shown by the API.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from embedded_aws.ecs import words
from embedded_aws.ecs.decide import COMPLETED, FAILED, IN_PROGRESS

Record = dict[str, Any]

MOST_EVENTS = 100

COPIED = (
    *("launchType", "capacityProviderStrategy", "platformVersion"),
    *("platformFamily", "networkConfiguration"),
)
"""What a deployment takes from its service when it begins."""


def primary(service: Record) -> Record | None:
    """The deployment that the service is to become."""
    return next((d for d in service.get("deployments", []) if d["status"] == "PRIMARY"), None)


def deployment_of(service: Record, task: Record) -> Record | None:
    """The deployment that started a task, if it is still listed."""
    wanted = task.get("_deployment_id")
    return next((d for d in service.get("deployments", []) if d["id"] == wanted), None)


def begin(service: Record, now: str) -> Record:
    """Put a new primary deployment of the service's task definition before the others."""
    for deployment in service.get("deployments", []):
        deployment["status"] = "ACTIVE"
    identifier = f"ecs-svc/{uuid4().int % 10**19:019d}"
    deployment = {
        "id": identifier,
        "status": "PRIMARY",
        "taskDefinition": service["taskDefinition"],
        "desiredCount": service["desiredCount"],
        "runningCount": 0,
        "pendingCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        "rolloutState": IN_PROGRESS,
        "rolloutStateReason": words.progress(identifier),
        **{key: service[key] for key in COPIED if service.get(key)},
    }
    service["deployments"] = [deployment, *service.get("deployments", [])]
    service["_steady"] = False
    return deployment


def complete(service: Record, now: str) -> None:
    """The primary deployment is all there is; it is what a rollback goes back to from now on."""
    done = primary(service)
    if done is None:
        return
    _set(done, COMPLETED, words.completed(done["id"]), now)
    service["deployments"] = [done]
    service["_completed"] = dict(done)
    event(service, f"(deployment {done['id']}) deployment completed.", now)


def fail(service: Record, now: str) -> None:
    """End the primary deployment; where the service asks for it, go back to the last good one."""
    failed = primary(service)
    if failed is None:
        return
    _set(failed, FAILED, words.TRIPPED, now)
    event(service, f"(deployment {failed['id']}) deployment failed: tasks failed to start.", now)
    good = service.get("_completed")
    if not _wants_rollback(service) or not good or good["id"] == failed["id"]:
        return
    failed["status"], failed["desiredCount"] = "ACTIVE", 0
    _return_to(service, good, now)


def _return_to(service: Record, good: Record, now: str) -> None:
    listed = next((d for d in service["deployments"] if d["id"] == good["id"]), None)
    back = listed or dict(good)
    others = [d for d in service["deployments"] if d is not listed]
    back["status"], back["desiredCount"] = "PRIMARY", service["desiredCount"]
    _set(back, IN_PROGRESS, words.rolling_back(back["id"]), now)
    service["deployments"] = [back, *others]
    service["taskDefinition"] = back["taskDefinition"]
    service["_steady"] = False
    event(service, f"rolling back to deployment {back['id']}.", now)


def settle(service: Record, now: str) -> None:
    """Note that the service has arrived."""
    service["_steady"] = True
    event(service, "has reached a steady state.", now)


def event(service: Record, message: str, now: str) -> None:
    """Add an event, newest first."""
    text = f"(service {service['serviceName']}) {message}"
    new = {"id": str(uuid4()), "createdAt": now, "message": text}
    service["events"] = [new, *service.get("events", [])][:MOST_EVENTS]


def completed(service: Record, task: Record) -> bool:
    """Whether a task is one of the last completed deployment."""
    return bool(task.get("_deployment_id") == (service.get("_completed") or {}).get("id"))


def count_failure(service: Record, task: Record, now: str) -> None:
    """Count a failed task of the deployment that is under way."""
    deployment = deployment_of(service, task)
    if deployment and deployment["status"] == "PRIMARY":
        if deployment["rolloutState"] == IN_PROGRESS:
            deployment["failedTasks"] = int(deployment.get("failedTasks", 0)) + 1
            deployment["updatedAt"] = now
        service["_steady"] = False


def recount(service: Record, tasks: list[Record]) -> None:
    """Bring the counts of the service and its deployments up to date with its tasks."""
    for deployment in service.get("deployments", []):
        own = [t for t in tasks if t.get("_deployment_id") == deployment["id"]]
        deployment["runningCount"] = sum(map(is_running, own))
        deployment["pendingCount"] = sum(map(is_pending, own))
    service["runningCount"] = sum(map(is_running, tasks))
    service["pendingCount"] = sum(map(is_pending, tasks))


def is_running(task: Record) -> bool:
    return bool(task["lastStatus"] == "RUNNING" and task["desiredStatus"] == "RUNNING")


def is_pending(task: Record) -> bool:
    starting = task["lastStatus"] in ("PROVISIONING", "PENDING", "ACTIVATING")
    return starting and task["desiredStatus"] == "RUNNING"


def drop_empty(service: Record, tasks: list[Record]) -> None:
    """Forget deployments that have no task left, but the primary and what it replaces."""
    busy = {t.get("_deployment_id") for t in tasks if t["lastStatus"] != "STOPPED"}
    first = primary(service)
    if first is None or first["rolloutState"] == FAILED:
        return
    service["deployments"] = [
        d
        for d in service["deployments"]
        if d is first
        or d["id"] in busy
        or (d["rolloutState"] == FAILED and first["rolloutState"] == IN_PROGRESS)
    ]


def _wants_rollback(service: Record) -> bool:
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    return bool(breaker.get("rollback"))


def _set(deployment: Record, state: str, reason: str, now: str) -> None:
    deployment["rolloutState"], deployment["rolloutStateReason"] = state, reason
    deployment["updatedAt"] = now
