"""The service scheduler: looks at each service, decides, acts, and looks again."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.core.concurrency import resource_lock
from ministack.core.responses import request_scope
from ministack.services import ecs

from embedded_aws.discovery import registry
from embedded_aws.ecs import health, records, words
from embedded_aws.ecs.decide import (
    FAILED,
    Action,
    Complete,
    Fail,
    Service,
    Settle,
    Start,
    Stop,
    Task,
    decide,
)
from embedded_aws.ecs.ending import Ending
from embedded_aws.ecs.tasks import (
    deployment_of,
    epoch,
    is_live,
    note_health,
    rolls,
    run_request,
    state_of,
    tasks_of,
)

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool

log = logging.getLogger("embedded.ecs")
Record = dict[str, Any]

TICK = 0.5
"""Seconds between two looks at the services, if nothing wakes the scheduler before."""

REMEMBERED = 3600.0
"""Seconds for which a stopped task can still be described, as on AWS."""

ROLLBACK = 4.0
"""Seconds that a rollback takes at least: who looks every few seconds sees it, as on AWS."""

FREE_RETRIES = 3
LONGEST_PAUSE = 60.0


@dataclass
class Pause:
    """Failures in a row of a service's tasks, and until when (monotonic) none is started."""

    failures: int = 0
    until: float = 0.0

    def failed(self) -> None:
        """Wait longer after each failure beyond the first few: 1, 2, 4 … 60 s."""
        self.failures += 1
        beyond = self.failures - FREE_RETRIES
        if beyond > 0:
            seconds = min(LONGEST_PAUSE, 2.0 ** (beyond - 1))
            self.until = time.monotonic() + seconds


class Scheduler:
    """Runs on a thread of its own; all its decisions are those of `decide`."""

    def __init__(self, pool: Pool, instance: str) -> None:
        self._pool = pool
        self._instance = instance
        self.ending = Ending(pool, self.changed)
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._pauses: dict[str, Pause] = {}
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-scheduler")

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Decide nothing any more."""
        self._closed.set()
        self._wake.set()
        self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look again soon: something changed."""
        self._wake.set()

    def changed(self, task: Record) -> None:
        """Bring counts, targets and names up to date with a task that changed."""
        cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        if cluster:
            ecs._recount_cluster(cluster)
            ecs._refresh_service_state(cluster, task.get("group", ""))
        if service := self.service_of(task):
            registry.sync(service)
        self.wake()

    def failed(self, task: Record) -> None:
        """Count a task that did not start, exited, or failed its health checks."""
        service = self.service_of(task)
        if service is None or service.get("status") != "ACTIVE":
            return
        records.count_failure(service, task, ecs._iso())
        pause = self._pauses.setdefault(service["serviceArn"], Pause())
        pause.failed()
        if pause.failures == FREE_RETRIES + 1:
            records.event(service, words.INCONSISTENT, ecs._iso())
        self.wake()

    def service_of(self, task: Record) -> Record | None:
        """The service that started a task."""
        group = task.get("group", "")
        if not group.startswith("service:"):
            return None
        cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        found: Record | None = ecs._services.get(f"{cluster}/{group.split(':', 1)[1]}")
        return found

    def _loop(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(TICK)
            self._wake.clear()
            try:
                self._look_at_containers()
                for (account, region, key), service in ecs._services.all_items():
                    with request_scope(account, region):
                        registry.sync(service)
                        self._look_at(key, service)
                self._forget_old_tasks()
            except Exception:
                log.exception("the service scheduler stumbled")

    def _look_at(self, key: str, service: Record) -> None:
        if not rolls(service) or service.get("status") not in ("ACTIVE", "DRAINING"):
            return
        tasks = tasks_of(service)
        with resource_lock("ecs-service", key):
            actions = decide(self._view(service, tasks)) if not self._closed.is_set() else []
            records.drop_empty(service, tasks)
        for action in actions:
            self._act(key, service, action)
        if service["status"] == "DRAINING" and all(t["lastStatus"] == "STOPPED" for t in tasks):
            service["status"] = "INACTIVE"

    def _view(self, service: Record, tasks: list[Record]) -> Service:
        config = service.get("deploymentConfiguration") or {}
        pause = self._pauses.get(service["serviceArn"])
        return Service(
            desired=int(service.get("desiredCount", 0)),
            minimum=int(config.get("minimumHealthyPercent", 100)),
            maximum=int(config.get("maximumPercent", 200)),
            breaker=bool((config.get("deploymentCircuitBreaker") or {}).get("enable")),
            deployments=[deployment_of(d) for d in service.get("deployments", [])],
            tasks=[self._task(service, task) for task in tasks if task["lastStatus"] != "STOPPED"],
            may_start=not pause or time.monotonic() >= pause.until,
            steady=bool(service.get("_steady")),
            hold=_is_fresh_rollback(service),
        )

    def _task(self, service: Record, task: Record) -> Task:
        state = state_of(task)
        found = health.targets(self._pool, service, ecs._task_ip(task))
        running_for = time.time() - epoch(task.get("startedAt"))
        running = state == "running"
        healthy = running and health.is_healthy(task, service, found)
        if healthy:
            task["_was_healthy"] = True
        return Task(
            arn=task["taskArn"],
            deployment=task.get("_deployment_id") or "",
            state=state,
            healthy=healthy,
            failing=health.failing(task, service, found, running_for) if running else "",
            proven=bool(task.get("_was_healthy")) or records.completed(service, task),
            created=epoch(task.get("createdAt")),
        )

    def _act(self, key: str, service: Record, action: Action) -> None:
        now = ecs._iso()
        with resource_lock("ecs-service", key):
            match action:
                case Complete():
                    records.complete(service, now)
                case Fail():
                    records.fail(service, now)
                case Settle():
                    records.settle(service, now)
                    self._pauses.pop(service["serviceArn"], None)
        match action:
            case Start(count):
                self._start(key, service, count)
            case Stop(arn, failing):
                self._stop(service, arn, failing)
        if isinstance(action, Complete | Fail):
            log.info("%s: %s", service["serviceName"], service["events"][0]["message"])

    def _start(self, key: str, service: Record, count: int) -> None:
        deployment = records.primary(service)
        if deployment is None:
            return
        status, _, body = ecs._run_task(run_request(key, service, deployment, count))
        started = [task["taskArn"] for task in ecs.json.loads(body).get("tasks", [])]
        message = words.started(started) if status == 200 else f"was unable to place a task: {body}"
        records.event(service, message, ecs._iso())
        ecs._refresh_service_state(key.split("/")[0], f"service:{service['serviceName']}")

    def _stop(self, service: Record, arn: str, failing: str) -> None:
        task = ecs._tasks.get(arn)
        deployment = records.primary(service)
        if task is None or deployment is None:
            return
        if failing:
            self._tell_unhealthy(service, task)
            self.failed(task)
        reason = failing or words.scaling(deployment["id"])
        if self.ending.stop(task, reason, words.SCHEDULER, drain=True):
            now = ecs._iso()
            if service.get("loadBalancers"):
                records.event(service, words.draining(1), now)
            records.event(service, words.stopped([arn]), now)

    def _tell_unhealthy(self, service: Record, task: Record) -> None:
        for key, state, description in health.targets(self._pool, service, ecs._task_ip(task)):
            if state == "unhealthy":
                text = words.unhealthy_event(key.port, key.group, description)
                records.event(service, text, ecs._iso())

    def _look_at_containers(self) -> None:
        """Ask the engine about container health checks, if any task has one."""
        tasks = [t for t in ecs._tasks.all_values() if t.get("_health_checked") and is_live(t)]
        client = ecs._get_docker() if tasks else None
        if client is None:
            return
        states = health.of_containers(client, self._instance)
        for task in tasks:
            note_health(task, states)

    def _forget_old_tasks(self) -> None:
        edge = time.time() - REMEMBERED
        for scoped, task in list(ecs._tasks._data.items()):
            if task["lastStatus"] == "STOPPED" and epoch(task.get("stoppedAt")) < edge:
                ecs._tasks._data.pop(scoped, None)


def _is_fresh_rollback(service: Record) -> bool:
    states = [deployment["rolloutState"] for deployment in service.get("deployments", [])]
    deployment = records.primary(service)
    if deployment is None or FAILED not in states:
        return False
    return time.time() - epoch(deployment["updatedAt"]) < ROLLBACK
