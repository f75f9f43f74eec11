"""Requests that ECS refuses, and its words for it. Pure.

What is refused here would be refused by AWS in the middle of a rollout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

Record = Mapping[str, Any]

CLIENT, INVALID = "ClientException", "InvalidParameterException"

MOST_TASKS = 10
"""Tasks that one RunTask starts."""

GB = 1024
SIZES: Mapping[int, Collection[int]] = {
    256: (512, GB, 2 * GB),
    512: range(GB, 4 * GB + 1, GB),
    1024: range(2 * GB, 8 * GB + 1, GB),
    2048: range(4 * GB, 16 * GB + 1, GB),
    4096: range(8 * GB, 30 * GB + 1, GB),
    8192: range(16 * GB, 60 * GB + 1, 4 * GB),
    16384: range(32 * GB, 120 * GB + 1, 8 * GB),
}
"""Fargate's CPU units, with the MiB of memory that each can have.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""


class Refusal(NamedTuple):
    """An error of the API."""

    code: str
    message: str


NO_CLUSTER = Refusal("ClusterNotFoundException", "Cluster not found.")
NO_SERVICE = Refusal("ServiceNotFoundException", "Service not found.")
NO_DEFINITION = Refusal(CLIENT, "TaskDefinition not found.")
NOT_IDEMPOTENT = Refusal(INVALID, "Creation of service was not idempotent.")
NO_NETWORK = Refusal(
    INVALID, "Network Configuration must be provided when networkMode 'awsvpc' is specified."
)
HAS_SERVICES = Refusal(
    "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
)
HAS_TASKS = Refusal(
    "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
)


def registering(data: Record) -> Refusal | None:
    """What is wrong with a task definition."""
    found = list(_shape(data.get("containerDefinitions") or []))
    if "FARGATE" in (data.get("requiresCompatibilities") or []):
        found += _fargate(data)
    return found[0] if found else None


def _shape(containers: Collection[Record]) -> Iterable[Refusal]:
    names = [container.get("name") for container in containers]
    if len(set(names)) < len(names):
        yield Refusal(CLIENT, "Container names must be unique within a task definition.")
    if containers and not any(container.get("essential", True) for container in containers):
        yield Refusal(CLIENT, "A task definition must have at least one essential container.")


def _fargate(data: Record) -> Iterable[Refusal]:
    if data.get("networkMode") != "awsvpc":
        yield Refusal(CLIENT, "Fargate only supports network mode \u2018awsvpc\u2019.")
    for name in ("cpu", "memory"):
        if not data.get(name):
            yield Refusal(CLIENT, f"Fargate requires that '{name}' be defined at the task level.")
            return
    cpu, memory = units(data["cpu"], "vcpu"), units(data["memory"], "gb")
    if memory not in SIZES.get(cpu, ()):
        given = f"{data['cpu']} CPU, {data['memory']} memory"
        yield Refusal(CLIENT, f"No Fargate configuration exists for given values: {given}.")
    if any(_is_moved(port) for c in data["containerDefinitions"] for port in _ports(c)):
        message = (
            "When networkMode=awsvpc, the host ports and container ports in port mappings must "
            "match."
        )
        yield Refusal(CLIENT, message)


def units(value: Any, large: str) -> int:
    """CPU units or MiB of `256`, `0.25 vCPU`, `0.5 GB`; -1 for what is none."""
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]*)\s*", str(value).lower())
    if not found or found[2] not in ("", large):
        return -1
    return int(float(found[1]) * 1024) if found[2] else int(float(found[1]))


def _ports(container: Record) -> Collection[Record]:
    return container.get("portMappings") or []


def _is_moved(port: Record) -> bool:
    return port.get("hostPort") not in (None, 0, port.get("containerPort"))


def running(data: Record, definition: Record | None) -> Refusal | None:
    """What is wrong with a RunTask of a task definition."""
    if definition is None:
        return NO_DEFINITION
    if int(data.get("count") or 1) > MOST_TASKS:
        return Refusal(INVALID, f"Count cannot be greater than {MOST_TASKS}.")
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in (data.get("overrides") or {}).get("containerOverrides") or []:
        if override.get("name") not in names:
            message = (
                f"Override for container named {override.get('name')} is not a container in the "
                "TaskDefinition."
            )
            return Refusal(INVALID, message)
    return _network(data, definition)


def _network(data: Record, definition: Record) -> Refusal | None:
    subnets = ((data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}).get(
        "subnets"
    )
    return NO_NETWORK if definition.get("networkMode") == "awsvpc" and not subnets else None


def creating(
    data: Record, definition: Record, groups: Collection[str], attached: Collection[str]
) -> Refusal | None:
    """What is wrong with a new service; `attached` are target groups behind a load balancer."""
    problem = _network(data, definition)
    balanced = list(data.get("loadBalancers") or [])
    return problem or _groups(balanced, groups, attached) or listening(balanced, definition)


def _groups(
    balanced: Iterable[Record], groups: Collection[str], attached: Collection[str]
) -> Refusal | None:
    for arn in (entry["targetGroupArn"] for entry in balanced if entry.get("targetGroupArn")):
        if arn not in groups:
            return Refusal(INVALID, f"The specified target group does not exist: {arn}")
        if arn not in attached:
            message = (
                f"The target group with targetGroupArn {arn} does not have an associated load "
                "balancer."
            )
            return Refusal(INVALID, message)
    return None


def listening(balanced: Iterable[Record], definition: Record) -> Refusal | None:
    """Why a load balancer finds nothing in the tasks of a definition."""
    containers = {one["name"]: one for one in definition["containerDefinitions"]}
    for entry in balanced:
        name, port = entry.get("containerName"), entry.get("containerPort")
        if name not in containers:
            message = f"The container {name} does not exist in the task definition."
            return Refusal(INVALID, message)
        if port not in [one.get("containerPort") for one in _ports(containers[name])]:
            message = f"The container {name} did not have a container port {port} defined."
            return Refusal(INVALID, message)
    return None


def updating(data: Record, service: Record, definition: Record | None) -> Refusal | None:
    """What is wrong with an update; `definition` is the new one, where it is there and there is."""
    if int(data.get("desiredCount") or 0) < 0:
        return Refusal(INVALID, "Desired count cannot be negative.")
    balanced = data.get("loadBalancers")
    balanced = service.get("loadBalancers") or [] if balanced is None else balanced
    return listening(balanced, definition) if definition else None


def deleting_cluster(services: Iterable[Record], tasks: Iterable[Record]) -> Refusal | None:
    """Why a cluster with these services and tasks can't go."""
    if any(service.get("status") == "ACTIVE" for service in services):
        return HAS_SERVICES
    if any(task.get("lastStatus") != "STOPPED" for task in tasks):
        return HAS_TASKS
    return None
