"""ECS: our service scheduler in place of MiniStack's, whose task runner stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from embedded_aws.patches import Symbols, replace_action

if TYPE_CHECKING:
    from embedded_aws.ecs.scheduler import Scheduler
    from embedded_aws.settings import Settings

SYMBOLS: Symbols = {
    **{
        f"services.ecs.{name}": ("data",)
        for name in ("_create_service", "_update_service", "_delete_service", "_stop_task")
    },
    "services.ecs._ACTION_MAP": None,
    "services.ecs._build_run_kwargs": (
        *("cdef", "td", "env", "port_bindings", "ecs_network", "host_mode"),
        *("task_id", "task_arn", "ministack_net_ip", "cluster_arn"),
    ),
    "services.ecs._bump_task_version": ("task",),
    "services.ecs._cleanup_task_resources": ("task", "docker_client", "extra_container"),
    "services.ecs._cluster_name_from_arn": ("arn",),
    "services.ecs._complete_service_deployment": (
        *("cluster_name", "svc_key", "expected_deployment_id"),
    ),
    "services.ecs._get_docker": (),
    "services.ecs._mark_task_stopped": ("task_arn", "task", "reason", "stop_code", "exit_code"),
    "services.ecs._maybe_mark_stopped": ("task", "docker_client"),
    "services.ecs._reconcile_service_tasks": ("cluster_name", "svc_key"),
    "services.ecs._record_service_task_failure": ("task", "digest_resolution_failed"),
    "services.ecs._recount_cluster": ("cluster_name",),
    "services.ecs._refresh_service_state": ("cluster_name", "group"),
    "services.ecs._resolve_task": ("ref", "cluster_name"),
    "services.ecs._resolve_td_key": ("ref",),
    "services.ecs._run_docker_container": (
        *("docker_client", "cdef", "run_kwargs", "refresh_image", "allow_cached"),
        *("cache_image", "fallback_image", "auth_config"),
    ),
    "services.ecs._run_task": ("data",),
    "services.ecs._sanitize": ("obj",),
    "services.ecs._schedule_service_deployment_completion": (
        *("cluster_name", "svc_key", "account_id", "region", "healthy_task"),
    ),
    "services.ecs._services": None,
    "services.ecs._start_restored_service_reconciler": (),
    "services.ecs._sync_service_targets": ("cluster_name", "svc"),
    "services.ecs._task_defs": None,
    "services.ecs._task_ip": ("task",),
    "services.ecs._tasks": None,
    "services.ecs._watch_task_lifecycle": ("task", "docker_client", "account_id", "region"),
    "services.alb.set_targets_for_group": ("tg_arn", "targets", "previous_ids"),
    "core.concurrency.resource_lock": ("scope", "key"),
    "core.responses.request_scope": ("account_id", "region"),
}


def apply(settings: Settings, scheduler: Scheduler) -> None:
    """Patch the service; all decisions about services are the scheduler's."""
    _patch_api(scheduler)
    _patch_scheduling(scheduler)
    _patch_counts()
    _patch_ends()
    _patch_watch()
    _patch_containers(settings)


def _patch_api(scheduler: Scheduler) -> None:
    from ministack.services import ecs

    from embedded_aws.ecs.api import Api

    api = Api(scheduler)
    for action, handler in (
        ("CreateService", api.create_service),
        ("UpdateService", api.update_service),
        ("DeleteService", api.delete_service),
        ("StopTask", api.stop_task),
    ):
        replace_action(ecs, action, handler)


def _patch_scheduling(scheduler: Scheduler) -> None:
    """MiniStack's own scheduling does nothing for services that ours rolls out."""
    from ministack.services import ecs

    from embedded_aws.ecs.tasks import rolls

    def ours(key: str) -> bool:
        service = ecs._services.get(key)
        return service is not None and rolls(service)

    def unless_ours(theirs: Callable[..., Any]) -> Callable[..., Any]:
        def run(cluster_name: str, svc_key: str, *args: Any, **options: Any) -> Any:
            if not ours(svc_key):
                return theirs(cluster_name, svc_key, *args, **options)
            scheduler.wake()
            return None

        return run

    for name in (
        "_reconcile_service_tasks",
        "_complete_service_deployment",
        "_schedule_service_deployment_completion",
    ):
        setattr(ecs, name, unless_ours(getattr(ecs, name)))

    record_failure = ecs._record_service_task_failure

    def failed(task: dict[str, Any], digest_resolution_failed: bool = False) -> Any:
        service = scheduler.service_of(task)
        if service is None or not rolls(service):
            return record_failure(task, digest_resolution_failed)
        # A digest that can't be resolved is an image that can't be pulled, which counts then.
        return None if digest_resolution_failed else scheduler.failed(task)

    ecs._record_service_task_failure = failed
    # Restored services are the scheduler's too, once it runs.
    ecs._start_restored_service_reconciler = lambda: None


def _patch_counts() -> None:
    from ministack.services import ecs

    from embedded_aws.ecs import records
    from embedded_aws.ecs.tasks import rolls, sync_targets, tasks_of

    refresh = ecs._refresh_service_state

    def refresh_service_state(cluster_name: str, group: str) -> Any:
        name = group.removeprefix("service:")
        service = ecs._services.get(f"{cluster_name}/{name}") if name != group else None
        if service is None or not rolls(service):
            return refresh(cluster_name, group)
        records.recount(service, tasks_of(service))
        return sync_targets(service)

    ecs._refresh_service_state = refresh_service_state


def _patch_ends() -> None:
    """AWS's words for how a task ended, and what the engine knows of its containers."""
    from ministack.services import ecs

    from embedded_aws.ecs import words
    from embedded_aws.ecs.ending import note_exit

    mark = ecs._mark_task_stopped

    def mark_task_stopped(
        task_arn: str, task: dict[str, Any], reason: str, stop_code: str, exit_code: Any = None
    ) -> Any:
        if stop_code == words.EXITED:
            reason = words.ESSENTIAL_EXITED
            for index, state in _states(task):
                note_exit(task, index, state)
        elif stop_code == words.NOT_STARTED:
            image = next((c["image"] for c in task.get("containers", [])), "")
            reason = words.start_failure(reason, image)
        return mark(task_arn, task, reason, stop_code, exit_code)

    ecs._mark_task_stopped = mark_task_stopped


def _states(task: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """What the engine says of the containers of a task that have ended."""
    from ministack.services import ecs

    client, found = ecs._get_docker(), []
    for index, identifier in enumerate(task.get("_docker_ids") or []):
        try:
            state = client.api.inspect_container(identifier)["State"]
        except Exception:  # noqa: S112
            # Removed by hand, or no engine: MiniStack's own exit code has to do.
            continue
        if not state.get("Running"):
            found.append((index, state))
    return found


def _patch_watch() -> None:
    """Wait for containers to end instead of asking the engine twenty times a second."""
    from ministack.services import ecs

    def watch(task: dict[str, Any], client: Any, account: str, region: str) -> None:
        for identifier in list(task.get("_docker_ids") or []):
            threading.Thread(
                target=_await_end,
                args=(task, client, identifier, (account, region)),
                daemon=True,
                name=f"embedded-watch-{identifier[:8]}",
            ).start()

    ecs._watch_task_lifecycle = watch


def _await_end(task: dict[str, Any], client: Any, identifier: str, scope: tuple[str, str]) -> None:
    from docker.errors import NotFound
    from ministack.core.responses import request_scope
    from ministack.services import ecs

    from embedded_aws.ecs import words

    with request_scope(*scope):
        while ecs._task_is_active(task["taskArn"], task):
            try:
                client.api.wait(identifier, timeout=None)
                ecs._maybe_mark_stopped(task, client)
                return
            except NotFound:
                arn = task["taskArn"]
                ecs._mark_task_stopped(arn, task, words.ESSENTIAL_EXITED, words.EXITED, 137)
                return
            except Exception:
                # The engine went away: it, or the container's end, will show later.
                time.sleep(1.0)


def _patch_containers(settings: Settings) -> None:
    """All that a container definition says, and pulls that tell the truth."""
    from ministack.services import ecs

    from embedded_aws.ecs.containers import options
    from embedded_aws.settings import instance_name

    build, run, run_task = ecs._build_run_kwargs, ecs._run_docker_container, ecs._run_task

    def build_run_kwargs(cdef: Any, td: Any, *args: Any, **more: Any) -> Any:
        built = build(cdef, td, *args, **more)
        # The one network on which databases and caches keep their addresses.
        wanted = {**built, **options(cdef, td), "network": instance_name(settings.folder)}
        return {key: value for key, value in wanted.items() if value is not None}

    def run_docker_container(client: Any, cdef: Any, kwargs: Any, **more: Any) -> Any:
        if cdef["image"].startswith(f"{settings.registry}/"):
            # Fargate has no cache: an image that the registry lost must not start.
            more = {**more, "refresh_image": True, "allow_cached": False}
        return run(client, cdef, kwargs, **more)

    def run_and_mark(data: dict[str, Any]) -> Any:
        before = set(ecs._tasks.keys())
        response = run_task(data)
        for arn in set(ecs._tasks.keys()) - before:
            task = ecs._tasks[arn]
            key = ecs._resolve_td_key(task["taskDefinitionArn"])
            definitions = (ecs._task_defs.get(key) or {}).get("containerDefinitions", [])
            checked = [bool(definition.get("healthCheck")) for definition in definitions]
            task["_health_checked"] = checked if any(checked) else []
        return response

    ecs._build_run_kwargs, ecs._run_docker_container = build_run_kwargs, run_docker_container
    ecs._run_task = run_and_mark
    replace_action(ecs, "RunTask", run_and_mark)
