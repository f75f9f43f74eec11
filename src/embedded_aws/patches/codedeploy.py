"""ECS: services that CodeDeploy rolls out have task sets, which MiniStack knows nothing of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from embedded_aws.patches import Symbols, replace_action

if TYPE_CHECKING:
    from embedded_aws.codedeploy.sets import TaskSets

SYMBOLS: Symbols = {
    "services.alb._listeners": None,
    "services.alb._rules": None,
    "services.alb._tgs": None,
    "services.alb.set_targets_for_group": ("tg_arn", "targets", "previous_ids"),
    "services.cloudwatch._alarms": None,
    "services.cloudwatch._composite_alarms": None,
    "services.ecs._ECS_TIMESTAMP_FIELDS": None,
    "services.ecs._iso": (),
    "services.ecs._task_ip": ("task",),
}


def apply(sets: TaskSets, wake: Callable[[], None]) -> None:
    """Patch ECS once more, after `patches.ecs`; `wake` is called when a service changed."""
    from ministack.services import ecs

    from embedded_aws.codedeploy.ecs_api import Api

    actions = ecs._ACTION_MAP
    api = Api(
        sets,
        actions["CreateService"],
        actions["UpdateService"],
        actions["DeleteService"],
        wake,
    )
    replace_action(ecs, "CreateService", api.create_service)
    replace_action(ecs, "UpdateService", api.update_service)
    replace_action(ecs, "DeleteService", api.delete_service)
    ecs._ECS_TIMESTAMP_FIELDS.add("stabilityStatusAt")
    _patch_scheduling(wake)
    _patch_state(sets, wake)


def _patch_scheduling(wake: Callable[[], None]) -> None:
    """Leave the tasks of these services to the task sets."""
    from ministack.services import ecs

    from embedded_aws.codedeploy.sets import deploys

    def unless_ours(theirs: Callable[..., Any]) -> Callable[..., Any]:
        def run(cluster_name: str, svc_key: str, *args: Any, **options: Any) -> Any:
            if not deploys(ecs._services.get(svc_key)):
                return theirs(cluster_name, svc_key, *args, **options)
            wake()
            return None

        return run

    for name in (
        "_reconcile_service_tasks",
        "_complete_service_deployment",
        "_schedule_service_deployment_completion",
    ):
        setattr(ecs, name, unless_ours(getattr(ecs, name)))


def _patch_state(sets: TaskSets, wake: Callable[[], None]) -> None:
    from ministack.services import ecs

    from embedded_aws.codedeploy.sets import deploys

    refresh, record_failure = ecs._refresh_service_state, ecs._record_service_task_failure

    def service_of(cluster: str, group: str) -> tuple[str, Any]:
        key = f"{cluster}/{group.removeprefix('service:')}"
        found = ecs._services.get(key) if group.startswith("service:") else None
        return key, found if deploys(found) else None

    def refresh_service_state(cluster_name: str, group: str) -> Any:
        key, service = service_of(cluster_name, group)
        if service is None:
            return refresh(cluster_name, group)
        wake()
        return sets.sync(key, service)

    def failed(task: dict[str, Any], digest_resolution_failed: bool = False) -> Any:
        cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        _, service = service_of(cluster or "", task.get("group", ""))
        if service is None:
            return record_failure(task, digest_resolution_failed)
        # A digest that can't be resolved is an image that can't be pulled, which counts then.
        return None if digest_resolution_failed else sets.failed(service, task)

    ecs._refresh_service_state = refresh_service_state
    ecs._record_service_task_failure = failed
