"""The end of a task: deregister, drain, SIGTERM, SIGKILL, and what the API tells meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ministack.core.concurrency import resource_lock
from ministack.core.responses import request_scope
from ministack.services import ecs

from embedded_aws.ecs import words
from embedded_aws.ecs.containers import stop_timeout
from embedded_aws.ecs.tasks import definitions

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool

log = logging.getLogger("embedded.ecs")
Task = dict[str, Any]

SLACK = 10.0
"""Seconds that draining may take beyond the deregistration delay before we go on anyway."""


class Ending:
    """Ends tasks, each on a thread of its own."""

    def __init__(self, pool: Pool, changed: Callable[[Task], None]) -> None:
        self._pool = pool
        self._changed = changed

    def stop(self, task: Task, reason: str, code: str, *, drain: bool) -> bool:
        """Begin to end a task; False where that has begun already.

        With `drain` it gets SIGTERM only once the load balancers have let go of it, as when the
        service scheduler stops a task; without, at once, as StopTask does.
        """
        with resource_lock("ecs-task", task["taskArn"]):
            if task["desiredStatus"] == "STOPPED" or task["lastStatus"] == "STOPPED":
                return False
            was_running = task["lastStatus"] == "RUNNING"
            task["desiredStatus"] = "STOPPED"
            task["lastStatus"] = "DEACTIVATING" if was_running else "STOPPING"
            task["stoppingAt"] = ecs._iso()
            task["stoppedReason"], task["stopCode"] = reason, code
            ecs._bump_task_version(task)
        self._changed(task)
        name = f"embedded-end-{task['taskArn'][-8:]}"
        scope = (ecs.get_account_id(), ecs.get_region())
        threading.Thread(
            target=self._end, args=(task, drain and was_running, scope), daemon=True, name=name
        ).start()
        return True

    def _end(self, task: Task, drain: bool, scope: tuple[str, str]) -> None:
        with request_scope(*scope):
            try:
                if drain:
                    self._drained(task)
                task["lastStatus"] = "STOPPING"
                stop_containers(ecs._get_docker(), task, list(task.get("_docker_ids") or []))
            except Exception:
                log.exception("task %s does not end well", task["taskArn"])
            finally:
                self._ended(task)

    def _drained(self, task: Task) -> None:
        """Wait until no load balancer has requests of this task in flight."""
        address = ecs._task_ip(task)
        deadline = time.monotonic() + self._pool.longest_delay(address) + SLACK
        while self._pool.knows(address) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _ended(self, task: Task) -> None:
        now = ecs._iso()
        with resource_lock("ecs-task", task["taskArn"]):
            task["lastStatus"] = "STOPPED"
            task["stoppedAt"] = now
            task["executionStoppedAt"] = task.get("executionStoppedAt") or now
            ecs._bump_task_version(task)
            for container in task.get("containers", []):
                container["lastStatus"] = "STOPPED"
        ecs._cleanup_task_resources(task, ecs._get_docker())
        self._changed(task)


def stop_containers(client: Any, task: Task, ids: Sequence[str]) -> None:
    """SIGTERM to all containers of a task, SIGKILL after the stop timeout of each; waits for it."""
    if not client or not ids:
        return
    defined = definitions(task)
    with ThreadPoolExecutor(max_workers=len(ids)) as threads:
        for index, identifier in enumerate(ids):
            definition = defined[index] if index < len(defined) else {}
            threads.submit(_stop_one, client, task, index, identifier, definition)


def _stop_one(
    client: Any, task: Task, index: int, identifier: str, definition: Mapping[str, Any]
) -> None:
    try:
        container = client.containers.get(identifier)
        container.stop(timeout=stop_timeout(definition))
        container.reload()
        note_exit(task, index, container.attrs["State"])
    except Exception as error:
        log.warning("container %s: %s", identifier[:12], error)


def note_exit(task: Task, index: int, state: Mapping[str, Any]) -> None:
    """Write how a container ended into the task."""
    if index >= len(task.get("containers", [])):
        return
    container = task["containers"][index]
    container["exitCode"] = int(state.get("ExitCode", 0))
    if state.get("OOMKilled"):
        container["reason"] = words.OUT_OF_MEMORY
