"""Reading ECS: services in batches, and the evidence of a rollout that failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from slipway.aws import Aws, error_code
from slipway.rollout.decide import Deployment, Network, Snapshot
from slipway.rollout.evidence import Evidence, StoppedTask, TargetHealth
from slipway.rollout.taskdef import CONTAINER, TaskDefinition

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

BATCH = 10
"""Services per DescribeServices call: the API's limit."""

EVENTS_SHOWN = 20

STOPPED_SHOWN = 10
"""Stopped tasks that are looked at for a cause; the newest come first."""


def snapshots(ecs: ECSClient, cluster: str, services: Sequence[str]) -> dict[str, Snapshot]:
    """Every named service as it is now, ten per call; one that ECS doesn't know is MISSING."""
    found: dict[str, Snapshot] = {name: missing(name) for name in services}
    for names in batched(services, BATCH):
        answer = ecs.describe_services(cluster=cluster, services=list(names))
        for service in answer["services"]:
            found[service["serviceName"]] = read_service(service)
    return found


def missing(service: str) -> Snapshot:
    """What is seen of a service that ECS doesn't know."""
    return Snapshot(service=service, status="MISSING", desired=0, running=0)


def known(ecs: ECSClient, cluster: str, services: Sequence[str]) -> dict[str, Snapshot]:
    """Those of the named services that are ACTIVE; none where there is no such cluster."""
    try:
        found = snapshots(ecs, cluster, services)
    except ecs.exceptions.ClientError as error:
        if error_code(error) != "ClusterNotFoundException":
            raise
        return {}
    return {name: each for name, each in found.items() if each.status == "ACTIVE"}


def read_service(service: Any) -> Snapshot:
    """A `Snapshot` of one service of a DescribeServices answer."""
    return Snapshot(
        service=service["serviceName"],
        status=service["status"],
        desired=service["desiredCount"],
        running=service["runningCount"],
        port=next((lb["containerPort"] for lb in _balancers(service)), 0),
        groups=tuple(lb["targetGroupArn"] for lb in _balancers(service) if "targetGroupArn" in lb),
        exec=bool(service.get("enableExecuteCommand")),
        deployments=(
            *(_deployment(each) for each in service.get("deployments", [])),
            *(_task_set(each) for each in service.get("taskSets", [])),
        ),
        events=tuple((str(e["id"]), str(e["message"])) for e in service.get("events", [])),
        controller=service.get("deploymentController", {}).get("type", "ECS"),
        registered=bool(service.get("serviceRegistries")),
    )


def network_of(service: Any) -> Any:
    """The network configuration of a service; under CodeDeploy its primary task set has it."""
    return service.get("networkConfiguration") or _primary_set(service).get("networkConfiguration")


def _balancers(service: Any) -> Any:
    return service.get("loadBalancers") or _primary_set(service).get("loadBalancers") or []


def _primary_set(service: Any) -> Any:
    return next((s for s in service.get("taskSets", []) if s["status"] == "PRIMARY"), {})


def task_definition(ecs: ECSClient, arn: str) -> tuple[TaskDefinition, list[Any]]:
    """A registered revision and its tags."""
    answer = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    return answer["taskDefinition"], list(answer.get("tags", []))


def evidence(aws: Aws, cluster: str, snapshot: Snapshot, deployment: str, arn: str) -> Evidence:
    """Collect what explains the end of `deployment` of the task definition `arn`."""
    definition, _ = task_definition(aws.ecs, arn)
    app = app_of(definition)
    ours = snapshot.find(deployment)
    tasks = _stopped_tasks(aws.ecs, cluster, snapshot.service, arn)
    stopped = tuple(_stopped(aws, app, task) for task in tasks[:STOPPED_SHOWN])
    ports = app.get("portMappings", [])
    described = aws.ecs.describe_services(cluster=cluster, services=[snapshot.service])["services"]
    return Evidence(
        stopped=stopped,
        targets=_targets(aws, described, ours),
        events=events_since(described, definition.get("registeredAt")),
        rollout_reason=ours.reason if ours else "",
        log=next((task.log for task in stopped if task.log), ()),
        port=ports[0]["containerPort"] if ports else 0,
        memory=str(definition.get("memory", "")),
        image=str(app.get("image", "")),
        secrets=tuple(str(secret["name"]) for secret in app.get("secrets", [])),
    )


def events_since(services: Sequence[Any], begin: Any) -> tuple[str, ...]:
    """What ECS says of `services` since `begin`, newest first; what was before has other causes."""
    told = [each for service in services for each in service.get("events", [])]
    ours = (e for e in told if begin is None or e.get("createdAt", begin) >= begin)
    return tuple(str(each["message"]) for each in ours)[:EVENTS_SHOWN]


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


def _task_set(raw: Any) -> Deployment:
    balancers = raw.get("loadBalancers") or [{}]
    return Deployment(
        id=raw["id"],
        primary=raw["status"] == "PRIMARY",
        task_definition=raw["taskDefinition"],
        state="COMPLETED" if raw.get("stabilityStatus") == "STEADY_STATE" else "IN_PROGRESS",
        desired=raw["computedDesiredCount"],
        running=raw["runningCount"],
        pending=raw["pendingCount"],
        source=raw.get("externalId", ""),
        target_group=balancers[0].get("targetGroupArn", ""),
        network=_network(raw.get("networkConfiguration", {}).get("awsvpcConfiguration")),
    )


def _network(raw: Any) -> Network | None:
    if not raw:
        return None
    return Network(
        subnets=tuple(sorted(raw.get("subnets", []))),
        security_groups=tuple(sorted(raw.get("securityGroups", []))),
        public_ip=raw.get("assignPublicIp") == "ENABLED",
    )


def app_of(definition: TaskDefinition) -> Any:
    """The container that carries the service's image."""
    containers = definition["containerDefinitions"]
    return next((each for each in containers if each["name"] == CONTAINER), containers[0])


def stopped_ids(ecs: ECSClient, cluster: str, service: str) -> list[str]:
    """Tasks of a service that have ended. ECS forgets them after about an hour."""
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus="STOPPED"
    )
    return [each for page in pages for each in page["taskArns"]]


def failures(
    ecs: ECSClient, cluster: str, ids: Sequence[str], arn: str, deployment: str
) -> tuple[StoppedTask, ...]:
    """How tasks of `deployment` and its revision `arn` ended, without their logs."""
    app = app_of(task_definition(ecs, arn)[0])
    described = _described(ecs, cluster, ids, arn)
    ours = (task for task in described if task.get("startedBy", deployment) == deployment)
    return tuple(_without_log(app, task) for task in ours)


def _stopped_tasks(ecs: ECSClient, cluster: str, service: str, arn: str) -> list[Any]:
    """Stopped tasks of this revision, newest first."""
    return _described(ecs, cluster, stopped_ids(ecs, cluster, service), arn)


def _described(ecs: ECSClient, cluster: str, ids: Sequence[str], arn: str) -> list[Any]:
    described = [
        task
        for some in batched(ids, 100)
        for task in ecs.describe_tasks(cluster=cluster, tasks=list(some))["tasks"]
    ]
    ours = [task for task in described if task["taskDefinitionArn"] == arn]
    ours.sort(key=lambda task: str(task.get("stoppedAt", "")), reverse=True)
    return ours


def _stopped(aws: Aws, app: Any, task: Any) -> StoppedTask:
    found = _without_log(app, task)
    return replace(found, log=log_tail(aws, app, found.id))


def _without_log(app: Any, task: Any) -> StoppedTask:
    container: Any = next((c for c in task["containers"] if c["name"] == app["name"]), {})
    return StoppedTask(
        id=task["taskArn"].rsplit("/", 1)[-1],
        reason=task.get("stoppedReason", ""),
        code=task.get("stopCode", ""),
        exit_code=container.get("exitCode"),
        container_reason=container.get("reason", ""),
    )


def stream_of(app: Any, task_id: str) -> dict[str, str]:
    """Where a task's container writes, as CloudWatch wants to be asked; empty: nowhere."""
    options = app.get("logConfiguration", {}).get("options", {})
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if not group or not prefix:
        return {}
    return {"logGroupName": group, "logStreamName": f"{prefix}/{app['name']}/{task_id}"}


def log_tail(aws: Aws, app: Any, task_id: str, *, lines: int = 20) -> tuple[str, ...]:
    """The last lines that a task wrote, or nothing where it never wrote."""
    place: Any = stream_of(app, task_id)
    if not place:
        return ()
    try:
        answer = aws.logs.get_log_events(**place, limit=lines, startFromHead=False)
    except aws.logs.exceptions.ResourceNotFoundException:
        return ()
    return tuple(str(event.get("message", "")).rstrip("\n") for event in answer["events"][-lines:])


def _targets(
    aws: Aws, services: Sequence[Any], ours: Deployment | None
) -> tuple[TargetHealth, ...]:
    if ours and ours.target_group:
        return tuple(target_health(aws, ours.target_group))
    groups = [lb.get("targetGroupArn", "") for s in services for lb in s.get("loadBalancers", [])]
    return tuple(each for group in groups if group for each in target_health(aws, group))


def target_health(aws: Aws, group: str) -> list[TargetHealth]:
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


def batched(items: Iterable[str], size: int) -> Iterable[tuple[str, ...]]:
    """`items` in groups of `size`, the last one smaller."""
    iterator = iter(items)
    while batch := tuple(islice(iterator, size)):
        yield batch
