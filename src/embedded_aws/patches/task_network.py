"""ECS: the containers of an awsvpc task share one network, and none of them outlives the task."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "services.ecs._record_task_ip": ("task", "container", "ecs_network"),
    "core.container_reaper.own_labels": ("service", "extra"),
}
"""`_build_run_kwargs` and `_cleanup_task_resources` are among those of `ecs`."""

OWNER = "_network_owner"
"""Key of a task's record: the id of the container that holds its network."""

PLACE = ("network", "extra_hosts", "ports", "dns")
"""Options that belong to the network's owner; the engine refuses them beside a shared network."""


def apply() -> None:
    """Patch how containers are started and removed, after `patches.ecs`."""
    _patch_start()
    _patch_end()


def shares(definition: Mapping[str, Any]) -> bool:
    """Whether the containers of a task definition reach each other at localhost."""
    several = len(definition.get("containerDefinitions") or []) > 1
    return several and definition.get("networkMode") == "awsvpc"


def _patch_start() -> None:
    from ministack.services import ecs

    build = ecs._build_run_kwargs

    def build_run_kwargs(cdef: Any, td: Any, *args: Any, **more: Any) -> Any:
        built = build(cdef, td, *args, **more)
        task = _task_of(built)
        if task is None or not shares(td):
            return built
        if not task.get(OWNER):
            _start_owner(task, built)
        kept = {name: value for name, value in built.items() if name not in PLACE}
        return {**kept, "network_mode": f"container:{task[OWNER]}"}

    ecs._build_run_kwargs = build_run_kwargs


def _task_of(built: Mapping[str, Any]) -> Any:
    from ministack.services import ecs

    return ecs._tasks.get(built["labels"]["com.amazonaws.ecs.task-arn"])


def _start_owner(task: dict[str, Any], built: Mapping[str, Any]) -> None:
    from ministack.core import container_reaper
    from ministack.services import ecs

    from embedded_aws.ecs import pause

    client = ecs._get_docker()
    owner = client.containers.run(
        pause.ensure_image(client),
        [pause.PROGRAM],
        detach=True,
        name=f"{built['name']}-network",
        labels=container_reaper.own_labels("ecs"),
        user="65534",
        read_only=True,
        cap_drop=["ALL"],
        network=built.get("network"),
        extra_hosts=built.get("extra_hosts"),
        dns=built.get("dns"),
    )
    task[OWNER] = owner.id
    owner.reload()
    ecs._record_task_ip(task, owner, built.get("network"))


def _patch_end() -> None:
    from ministack.services import ecs

    cleanup = ecs._cleanup_task_resources

    def cleanup_task_resources(task: Any, docker_client: Any, extra_container: Any = None) -> Any:
        remaining = list(task.get("_docker_ids") or [])
        scope = (ecs.get_account_id(), ecs.get_region())
        found = cleanup(task, docker_client, extra_container)
        if len(task.get("containers") or []) > 1:
            # Their stop timeouts may take a while, and who calls this waits for nothing.
            threading.Thread(
                target=_end_all,
                args=(task, [] if docker_client else remaining, scope),
                daemon=True,
                name=f"embedded-sidecars-{task['taskArn'][-8:]}",
            ).start()
        return found

    ecs._cleanup_task_resources = cleanup_task_resources


def _end_all(task: dict[str, Any], remaining: list[str], scope: tuple[str, str]) -> None:
    """Stop and remove the containers that MiniStack leaves, then the owner of their network."""
    from docker.errors import APIError
    from ministack.core.responses import request_scope
    from ministack.services import ecs

    from embedded_aws.ecs.ending import stop_containers

    client = ecs._get_docker()
    with request_scope(*scope):
        stop_containers(client, task, remaining)
    for identifier in (*remaining, task.pop(OWNER, None)):
        try:
            if identifier:
                client.api.remove_container(identifier, v=True, force=True)
        except APIError:
            # Gone, or on its way: what is left of an instance is removed when it ends.
            continue
