"""Requests that AWS refuses and MiniStack takes: ECS's and ELBv2's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.ecs import checks
from embedded_aws.ecs.checks import Refusal
from embedded_aws.patches import Symbols, elb_view, replace_action

SYMBOLS: Symbols = {
    "services.alb._describe_tgs": ("params",),
    "services.alb._listeners": None,
    "services.alb._p": ("params", "key", "default"),
    "services.alb._parse_member_list": ("params", "prefix"),
    "services.alb._tgs": None,
    "services.ecs._clusters": None,
    "services.ecs._resolve_cluster_name": ("ref",),
    "services.ecs._task_defs": None,
    "services.ecs._resolve_service_ref": ("ref",),
}
"""What else this leans on is among the symbols of `ecs` and `elb`."""

Data = Mapping[str, Any]
Check = Callable[[Data], Refusal | None]


def apply() -> None:
    """Patch the services, after all else that answers these actions."""
    from ministack.services import alb, ecs

    for module, table, error in (
        (ecs, _ECS, lambda found: ecs.error_response_json(*found, 400)),
        (alb, _ELB, lambda found: alb._error(*found)),
    ):
        for action, check in table.items():
            inner = module._ACTION_MAP[action]
            replace_action(module, action, _refusing(check, inner, error))


def _refusing(check: Check, inner: Callable[[Any], Any], error: Callable[[Refusal], Any]) -> Any:
    def answer(data: Any) -> Any:
        refusal = check(data)
        return error(refusal) if refusal else inner(data)

    return answer


def _cluster(data: Data) -> Refusal | None:
    from ministack.services import ecs

    name = ecs._resolve_cluster_name(data.get("cluster") or "default")
    return None if name in ecs._clusters else checks.NO_CLUSTER


def _definition(reference: str | None) -> Any:
    from ministack.services import ecs

    return ecs._task_defs.get(ecs._resolve_td_key(reference)) if reference else None


def _service(data: Data, field: str) -> Any:
    """The service that a request is about, whatever its status."""
    from ministack.services import ecs

    cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
    found = ecs._resolve_service_ref(data.get(field) or "")
    return ecs._services.get(f"{cluster}/{found[0]}") if found else None


def _active(data: Data, field: str) -> Any:
    service = _service(data, field)
    return service if service and service["status"] == "ACTIVE" else None


def _run(data: Data) -> Refusal | None:
    return _cluster(data) or checks.running(data, _definition(data.get("taskDefinition")))


def _create(data: Data) -> Refusal | None:
    from ministack.services import alb

    if _cluster(data):
        return checks.NO_CLUSTER
    if _active(data, "serviceName"):
        return checks.NOT_IDEMPOTENT
    definition = _definition(data.get("taskDefinition"))
    if definition is None:
        return checks.NO_DEFINITION
    attached = {group for _, group in elb_view.links()}
    return checks.creating(data, definition, set(alb._tgs.keys()), attached)


def _update(data: Data) -> Refusal | None:
    service = _active(data, "service")
    if _cluster(data) or service is None:
        return _cluster(data)
    return checks.updating(data, service, _definition(data.get("taskDefinition")))


def _list(data: Data) -> Refusal | None:
    gone = data.get("serviceName") and not _service(data, "serviceName")
    return _cluster(data) or (checks.NO_SERVICE if gone else None)


def _delete_cluster(data: Data) -> Refusal | None:
    from ministack.services import ecs

    if _cluster(data):
        return checks.NO_CLUSTER
    arn = ecs._clusters[ecs._resolve_cluster_name(data.get("cluster") or "default")]["clusterArn"]
    services = [one for one in ecs._services.values() if one.get("clusterArn") == arn]
    tasks = [one for one in ecs._tasks.values() if one.get("clusterArn") == arn]
    return checks.deleting_cluster(services, tasks)


def _listener(params: Data) -> Refusal | None:
    from ministack.services import alb

    arn, port = alb._p(params, "LoadBalancerArn"), alb._p(params, "Port", "80")
    for listener in alb._listeners.values():
        if (listener["LoadBalancerArn"], str(listener.get("Port"))) == (arn, port):
            message = "A listener already exists on this port for this load balancer"
            return Refusal("DuplicateListener", f"{message} '{arn}'")
    return None


def _delete_group(params: Data) -> Refusal | None:
    from ministack.services import alb

    arn = alb._p(params, "TargetGroupArn")
    if arn in {group for _, group in elb_view.links()}:
        message = f"Target group '{arn}' is currently in use by a listener or a rule"
        return Refusal("ResourceInUse", message)
    return None


def _describe_groups(params: Data) -> Refusal | None:
    from ministack.services import alb

    known = {group["TargetGroupName"] for group in alb._tgs.values()}
    if set(alb._parse_member_list(params, "Names")) - known:
        return Refusal("TargetGroupNotFound", "One or more target groups not found")
    return None


_ECS: Mapping[str, Check] = {
    "CreateService": _create,
    "DeleteCluster": _delete_cluster,
    "DescribeTasks": _cluster,
    "ListServices": _cluster,
    "ListTasks": _list,
    "RegisterTaskDefinition": checks.registering,
    "RunTask": _run,
    "UpdateService": _update,
}
_ELB: Mapping[str, Check] = {
    "CreateListener": _listener,
    "DeleteTargetGroup": _delete_group,
    "DescribeTargetGroups": _describe_groups,
}
