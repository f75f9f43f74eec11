"""Entering the tasks of ECS services in Cloud Map, as ECS does it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

from ministack.core.responses import get_region
from ministack.services import ecs

from embedded_aws.ecs.tasks import is_live, tasks_of
from embedded_aws.patches import discovery

Record = Mapping[str, Any]

_lock = threading.Lock()
"""Tasks change on many threads; the last word has to be that of the newest look."""


class Instance(NamedTuple):
    """A task as Cloud Map has it; only HEALTHY ones are told to callers."""

    attributes: Mapping[str, str]
    health: str


def sync(service: dict[str, Any]) -> None:
    """Bring the registry up to date with a service's tasks, of the scope that is set.

    A task is entered once it runs and leaves before it is stopped. Whether it is healthy is its
    container check's to say, not the load balancer's.
    """
    entered = {entry.get("registryArn") for entry in service.get("serviceRegistries") or []}
    with _lock:
        wanted = instances(service, tasks_of(service))
        for registry in discovery.registries():
            ours = wanted if registry["Arn"] in entered else {}
            discovery.hold(registry["Id"], key(service), ours)


def instances(service: Record, tasks: list[dict[str, Any]]) -> dict[str, Instance]:
    """The running tasks of a service that have an address, by their ids."""
    return {
        str(task["taskArn"]).rpartition("/")[2]: Instance(
            attributes(service, task, address), "HEALTHY" if healthy(task) else "UNHEALTHY"
        )
        for task in tasks
        if is_live(task) and (address := ecs._task_ip(task))
    }


def healthy(task: Record) -> bool:
    """Whether the container check has passed, where there is one."""
    return not task.get("_health_checked") or task.get("healthStatus") == "HEALTHY"


def key(service: Record) -> dict[str, str]:
    """What all instances of a service have, and no others."""
    return {
        "ECS_CLUSTER_NAME": str(service["clusterArn"]).rpartition("/")[2],
        "ECS_SERVICE_NAME": str(service["serviceName"]),
    }


def attributes(service: Record, task: Record, address: str) -> dict[str, str]:
    """What ECS tells Cloud Map of a task."""
    family = str(task["taskDefinitionArn"]).rpartition("/")[2].rpartition(":")[0]
    return {
        **key(service),
        "AVAILABILITY_ZONE": str(task.get("availabilityZone") or f"{get_region()}a"),
        "AWS_INSTANCE_IPV4": address,
        "ECS_TASK_DEFINITION_FAMILY": family,
        "REGION": get_region(),
    }
