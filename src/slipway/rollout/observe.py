"""Reading ECS: services in batches, and the evidence of a rollout that failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from slipway.aws import Aws, error_code
from slipway.rollout.decide import Deployment, Snapshot
from slipway.rollout.taskdef import CONTAINER, TaskDefinition

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

BATCH = 10
"""Services per DescribeServices call: the API's limit."""

STOPPED_SHOWN = 10
"""Stopped tasks that are looked at for a cause; the newest come first."""


@dataclass(frozen=True, kw_only=True)
class StoppedTask:
    """Why one task ended. `exit_code` is the app container's, None if it never ran."""

    id: str
    reason: str
    code: str
    exit_code: int | None
    container_reason: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TargetHealth:
    """What the load balancer's check of one target says."""

    state: str
    reason: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is known about a rollout that did not end well."""

    stopped: tuple[StoppedTask, ...] = ()
    targets: tuple[TargetHealth, ...] = ()
    events: tuple[str, ...] = ()
    rollout_reason: str = ""
    log: tuple[str, ...] = ()
    health_path: str = ""
    port: int = 0
    memory: str = ""
    image: str = ""
    secrets: tuple[str, ...] = ()


def snapshots(ecs: ECSClient, cluster: str, services: Sequence[str]) -> dict[str, Snapshot]:
    """Every named service as it is now, ten per call; one that ECS doesn't know is MISSING."""
    found: dict[str, Snapshot] = {
        name: Snapshot(service=name, status="MISSING", desired=0, running=0) for name in services
    }
    for names in _batched(services, BATCH):
        answer = ecs.describe_services(cluster=cluster, services=list(names))
        for service in answer["services"]:
            found[service["serviceName"]] = read_service(service)
    return found


def read_service(service: Any) -> Snapshot:
    """A `Snapshot` of one service of a DescribeServices answer."""
    return Snapshot(
        service=service["serviceName"],
        status=service["status"],
        desired=service["desiredCount"],
        running=service["runningCount"],
        port=next((lb["containerPort"] for lb in service.get("loadBalancers", [])), 0),
        deployments=tuple(_deployment(each) for each in service.get("deployments", [])),
        events=tuple((str(e["id"]), str(e["message"])) for e in service.get("events", [])),
    )


def task_definition(ecs: ECSClient, arn: str) -> tuple[TaskDefinition, list[Any]]:
    """A registered revision and its tags."""
    answer = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return answer["taskDefinition"], list(answer.get("tags", []))


def evidence(aws: Aws, cluster: str, snapshot: Snapshot, deployment: str, arn: str) -> Evidence:
    """Collect what explains the end of `deployment` of the task definition `arn`."""
    definition, _ = task_definition(aws.ecs, arn)
    app = app_of(definition)
    ours = snapshot.find(deployment)
    stopped = tuple(
        _stopped(aws, app, task) for task in _stopped_tasks(aws.ecs, cluster, snapshot.service, arn)
    )
    ports = app.get("portMappings", [])
    return Evidence(
        stopped=stopped,
        targets=_targets(aws, cluster, snapshot.service),
        events=tuple(message for _, message in snapshot.events[:20]),
        rollout_reason=ours.reason if ours else "",
        log=next((task.log for task in stopped if task.log), ()),
        port=ports[0]["containerPort"] if ports else 0,
        memory=str(definition.get("memory", "")),
        image=str(app.get("image", "")),
        secrets=tuple(str(secret["name"]) for secret in app.get("secrets", [])),
    )


def _deployment(raw: Any) -> Deployment:
    return Deployment(
        id=raw["id"],
        primary=raw["status"] == "PRIMARY",
        task_definition=raw["taskDefinition"],
        state=raw.get("rolloutState", ""),
        reason=raw.get("rolloutStateReason", ""),
        desired=raw["desiredCount"],
        running=raw["runningCount"],
        pending=raw["pendingCount"],
        failed=raw.get("failedTasks", 0),
    )


def app_of(definition: TaskDefinition) -> Any:
    """The container that carries the service's image."""
    containers = definition["containerDefinitions"]
    return next((each for each in containers if each["name"] == CONTAINER), containers[0])


def _stopped_tasks(ecs: ECSClient, cluster: str, service: str, arn: str) -> list[Any]:
    """Stopped tasks of this revision, newest first. ECS forgets them after about an hour."""
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus="STOPPED"
    )
    arns = [each for page in pages for each in page["taskArns"]]
    described = [
        task
        for some in _batched(arns, 100)
        for task in ecs.describe_tasks(cluster=cluster, tasks=list(some))["tasks"]
    ]
    ours = [task for task in described if task["taskDefinitionArn"] == arn]
    ours.sort(key=lambda task: str(task.get("stoppedAt", "")), reverse=True)
    return ours[:STOPPED_SHOWN]


def _stopped(aws: Aws, app: Any, task: Any) -> StoppedTask:
    container: Any = next((c for c in task["containers"] if c["name"] == app["name"]), {})
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    return StoppedTask(
        id=task_id,
        reason=task.get("stoppedReason", ""),
        code=task.get("stopCode", ""),
        exit_code=container.get("exitCode"),
        container_reason=container.get("reason", ""),
        log=log_tail(aws, app, task_id),
    )


def log_tail(aws: Aws, app: Any, task_id: str, *, lines: int = 20) -> tuple[str, ...]:
    """The last lines that a task wrote, or nothing where it never wrote."""
    options = app.get("logConfiguration", {}).get("options", {})
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if not group or not prefix:
        return ()
    try:
        answer = aws.logs.get_log_events(
            logGroupName=group,
            logStreamName=f"{prefix}/{app['name']}/{task_id}",
            limit=lines,
            startFromHead=False,
        )
    except aws.logs.exceptions.ResourceNotFoundException:
        return ()
    return tuple(str(event.get("message", "")).rstrip("\n") for event in answer["events"][-lines:])


def _targets(aws: Aws, cluster: str, service: str) -> tuple[TargetHealth, ...]:
    described = aws.ecs.describe_services(cluster=cluster, services=[service])["services"]
    groups = [lb.get("targetGroupArn", "") for s in described for lb in s.get("loadBalancers", [])]
    return tuple(each for group in groups if group for each in _health(aws, group))


def _health(aws: Aws, group: str) -> list[TargetHealth]:
    try:
        answer = aws.elbv2.describe_target_health(TargetGroupArn=group)
    except Exception as error:
        if error_code(error) == "TargetGroupNotFound":
            return []
        raise
    found = (each.get("TargetHealth", {}) for each in answer["TargetHealthDescriptions"])
    return [
        TargetHealth(
            state=health.get("State", ""),
            reason=health.get("Reason", ""),
            description=health.get("Description", ""),
        )
        for health in found
    ]


def _batched(items: Iterable[str], size: int) -> Iterable[tuple[str, ...]]:
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch
