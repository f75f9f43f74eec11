"""Questions about tasks and services as MiniStack keeps them, and their targets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ministack.services import alb, ecs

from embedded_aws.ecs import records, words
from embedded_aws.ecs.decide import Deployment

Record = dict[str, Any]


def run_request(key: str, service: Record, deployment: Record, count: int) -> Record:
    """The RunTask request for tasks of a deployment."""
    return {
        "cluster": key.split("/")[0],
        "taskDefinition": deployment["taskDefinition"],
        "count": count,
        "group": f"service:{service['serviceName']}",
        "startedBy": deployment["id"],
        "launchType": service.get("launchType"),
        "capacityProviderStrategy": service.get("capacityProviderStrategy"),
        "platformVersion": service.get("platformVersion", ""),
        "networkConfiguration": service.get("networkConfiguration", {}),
        "enableExecuteCommand": service.get("enableExecuteCommand", False),
        "tags": _tags(service),
        "_deploymentId": deployment["id"],
    }


def rolls(service: Record) -> bool:
    """Whether our scheduler rolls this service out, and nobody else."""
    controller = service.get("deploymentController") or {}
    return bool(controller.get("type", "ECS") == "ECS")


def tasks_of(service: Record) -> list[Record]:
    """All tasks of a service, of the scope that is set."""
    group, cluster = f"service:{service['serviceName']}", service.get("clusterArn")
    return [
        task
        for task in ecs._tasks.values()
        if task.get("group") == group and task.get("clusterArn") == cluster
    ]


def definitions(task: Record) -> list[Record]:
    """The definitions of a task's containers, in their order."""
    key = ecs._resolve_td_key(task["taskDefinitionArn"])
    found = ecs._task_defs.get(key) or {}
    return list(found.get("containerDefinitions", []))


def sync_targets(service: Record) -> None:
    """Register the running tasks of a service in its target groups, and no others of its own."""
    running = [t for t in tasks_of(service) if records.is_running(t)]
    addresses = [ip for t in running if (ip := ecs._task_ip(t))]
    ledger = service.setdefault("_published_targets", {})
    for entry in service.get("loadBalancers") or []:
        group = entry.get("targetGroupArn")
        if not group:
            continue
        port = int(entry.get("containerPort", 80))
        before = list(ledger.get(group, ()))
        alb.set_targets_for_group(group, [(ip, port) for ip in addresses], before)
        ledger[group] = addresses
        _tell_targets(service, group, set(before), set(addresses))


def _tell_targets(service: Record, group: str, before: set[str], after: set[str]) -> None:
    if after - before:
        records.event(service, words.registered(len(after - before), group), ecs._iso())
    if before - after:
        records.event(service, words.deregistered(len(before - after), group), ecs._iso())


def note_health(task: Record, states: dict[str, str]) -> None:
    """Write the health of its checked containers, by container id, into a task."""
    checked = []
    pairs = zip(task["containers"], task.get("_docker_ids") or [], strict=False)
    for (container, identifier), has_check in zip(pairs, task["_health_checked"], strict=False):
        container["healthStatus"] = states.get(identifier, "UNKNOWN")
        if has_check:
            checked.append(container["healthStatus"])
    task["healthStatus"] = combined(checked)


def combined(states: list[str]) -> str:
    """The health of a task from that of its checked containers: the worst of them."""
    for state in ("UNHEALTHY", "UNKNOWN"):
        if state in states or not states:
            return state
    return "HEALTHY"


def _tags(service: Record) -> list[Any]:
    return list(service.get("tags") or []) if service.get("propagateTags") == "SERVICE" else []


def deployment_of(record: Record) -> Deployment:
    return Deployment(
        id=record["id"],
        primary=record["status"] == "PRIMARY",
        state=record["rolloutState"],
        failed=int(record.get("failedTasks", 0)),
    )


def state_of(task: Record) -> Any:
    if task["desiredStatus"] == "STOPPED":
        return "stopping"
    return "running" if task["lastStatus"] == "RUNNING" else "starting"


def is_live(task: Record) -> bool:
    return bool(task["lastStatus"] == "RUNNING" and task["desiredStatus"] == "RUNNING")


def epoch(value: Any) -> float:
    """Seconds since the epoch of what MiniStack keeps as ISO text; 0 for nothing."""
    if not value:
        return 0.0
    if isinstance(value, int | float):
        return float(value)
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
