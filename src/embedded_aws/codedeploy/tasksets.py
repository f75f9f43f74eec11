"""The task sets of a service, on MiniStack's record of it. Pure.

Keys that begin with `_` are ours and are never shown by the API. Times are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from embedded_aws.ecs.records import MOST_EVENTS, is_pending, is_running

Record = dict[str, Any]

STEADY, STABILIZING = "STEADY_STATE", "STABILIZING"
COPIED = ("launchType", "capacityProviderStrategy", "platformVersion", "platformFamily")


def new(service: Record, now: float, **given: Any) -> Record:
    """A task set of the service; `given` is what it has instead of the service's own."""
    identifier = f"ecs-svc/{uuid4().int % 10**19:019d}"
    path = str(service["serviceArn"]).split(":service/", 1)
    made = {
        "id": identifier,
        "taskSetArn": f"{path[0]}:task-set/{path[1]}/{identifier}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "status": "ACTIVE",
        "taskDefinition": service["taskDefinition"],
        "computedDesiredCount": 0,
        "pendingCount": 0,
        "runningCount": 0,
        "createdAt": now,
        "updatedAt": now,
        "networkConfiguration": service.get("networkConfiguration") or {},
        "loadBalancers": list(service.get("loadBalancers") or []),
        "serviceRegistries": list(service.get("serviceRegistries") or []),
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": STABILIZING,
        "stabilityStatusAt": now,
        "tags": [],
        **{field: service[field] for field in COPIED if service.get(field)},
    }
    made.update({key: value for key, value in given.items() if value})
    service["taskSets"] = [*service.get("taskSets", []), made]
    return made


def find(service: Mapping[str, Any], identifier: Any) -> Record | None:
    """The task set with that id, if it is still there."""
    found = (s for s in service.get("taskSets", []) if s["id"] == identifier)
    return next(found, None)


def primary(service: Mapping[str, Any]) -> Record | None:
    """The task set that serves production."""
    found = (s for s in service.get("taskSets", []) if s["status"] == "PRIMARY")
    return next(found, None)


def make_primary(service: Record, identifier: str, now: float) -> None:
    """Swap the primary task set; the service shows what it is made of."""
    for task_set in service.get("taskSets", []):
        if task_set["id"] == identifier:
            task_set["status"], task_set["updatedAt"] = "PRIMARY", now
            service["taskDefinition"] = task_set["taskDefinition"]
            service["loadBalancers"] = task_set["loadBalancers"]
            service["networkConfiguration"] = task_set["networkConfiguration"]
        elif task_set["status"] == "PRIMARY":
            task_set["status"], task_set["updatedAt"] = "ACTIVE", now


def retire(task_set: Record, now: float) -> None:
    """Let all tasks of a task set go; it goes with the last of them."""
    task_set["status"], task_set["updatedAt"] = "DRAINING", now
    task_set["scale"] = {"value": 0.0, "unit": "PERCENT"}


def wanted(service: Mapping[str, Any], task_set: Mapping[str, Any]) -> int:
    """How many tasks a task set is to have."""
    if service.get("status") != "ACTIVE":
        return 0
    return math.ceil(int(service["desiredCount"]) * float(task_set["scale"]["value"]) / 100)


def tasks_in(task_set: Mapping[str, Any], tasks: Sequence[Record]) -> list[Record]:
    return [task for task in tasks if task.get("_deployment_id") == task_set["id"]]


def recount(service: Record, tasks: Sequence[Record]) -> None:
    """Bring the counts of the service and its task sets up to date with its tasks."""
    for task_set in service.get("taskSets", []):
        own = tasks_in(task_set, tasks)
        task_set["computedDesiredCount"] = wanted(service, task_set)
        task_set["runningCount"] = sum(map(is_running, own))
        task_set["pendingCount"] = sum(map(is_pending, own))
    service["runningCount"] = sum(map(is_running, tasks))
    service["pendingCount"] = sum(map(is_pending, tasks))


def set_stability(task_set: Record, steady: bool, now: float) -> bool:
    """Note whether a task set is steady; whether that is a change."""
    status = STEADY if steady else STABILIZING
    if task_set["stabilityStatus"] == status:
        return False
    task_set["stabilityStatus"], task_set["stabilityStatusAt"] = status, now
    return True


def drop_empty(service: Record, tasks: Sequence[Record]) -> list[Record]:
    """Forget draining task sets whose last task has stopped; returns them."""
    gone = [
        task_set
        for task_set in service.get("taskSets", [])
        if task_set["status"] == "DRAINING"
        and all(task["lastStatus"] == "STOPPED" for task in tasks_in(task_set, tasks))
    ]
    if gone:
        service["taskSets"] = [s for s in service["taskSets"] if s not in gone]
    return gone


def event(service: Record, task_set: Mapping[str, Any], message: str, now: Any) -> None:
    """Add an event about a task set to the service's, newest first."""
    text = f"(service {service['serviceName']}, taskSet {task_set['id']}) {message}"
    added = {"id": str(uuid4()), "createdAt": now, "message": text}
    service["events"] = [added, *service.get("events", [])][:MOST_EVENTS]


def shown(task_set: Mapping[str, Any], label: str, group: str, weight: float) -> Record:
    """A task set as CodeDeploy shows it."""
    return {
        "identifer": task_set["id"],  # AWS spells it so. codespell:ignore
        "desiredCount": task_set["computedDesiredCount"],
        "pendingCount": task_set["pendingCount"],
        "runningCount": task_set["runningCount"],
        "status": task_set["status"],
        "trafficWeight": float(weight),
        "targetGroup": {"name": group},
        "taskSetLabel": label,
    }
