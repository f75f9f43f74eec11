"""Keeps the task sets of CODE_DEPLOY services as they are to be: tasks, targets, counts."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from ministack.core.concurrency import resource_lock
from ministack.services import alb, ecs

from embedded_aws.codedeploy import tasksets
from embedded_aws.ecs import health, records, words
from embedded_aws.ecs.decide import (
    COMPLETED,
    IN_PROGRESS,
    Deployment,
    Service,
    Start,
    Stop,
    Task,
    decide,
)
from embedded_aws.ecs.scheduler import Pause
from embedded_aws.ecs.tasks import epoch, run_request, state_of, tasks_of

if TYPE_CHECKING:
    from embedded_aws.ecs.ending import Ending
    from embedded_aws.loadbalancer.pool import Pool

log = logging.getLogger("embedded.tasksets")
Record = dict[str, Any]


def deploys(service: Record | None) -> bool:
    """Whether CodeDeploy rolls this service out."""
    controller = (service or {}).get("deploymentController") or {}
    return bool(controller.get("type") == "CODE_DEPLOY")


class TaskSets:
    """The scheduler of services that have task sets; decisions are those of `ecs.decide`."""

    def __init__(self, pool: Pool, ending: Ending) -> None:
        self._pool = pool
        self._ending = ending
        self._pauses: dict[str, Pause] = {}

    def look_at(self, key: str, service: Record) -> None:
        """Do what one service needs now, of the scope that is set."""
        tasks = tasks_of(service)
        for task_set in list(service.get("taskSets", [])):
            self._look_at_set(key, service, task_set, tasks)
        with resource_lock("ecs-service", key):
            gone = tasksets.drop_empty(service, tasks)
        for task_set in gone:
            self._pauses.pop(task_set["id"], None)
        draining = service["status"] == "DRAINING"
        if draining and all(task["lastStatus"] == "STOPPED" for task in tasks):
            service["status"], service["taskSets"] = "INACTIVE", []

    def sync(self, key: str, service: Record) -> None:
        """Bring counts and targets up to date with the tasks."""
        with resource_lock("ecs-service", key):
            tasks = tasks_of(service)
            tasksets.recount(service, tasks)
            for task_set in service.get("taskSets", []):
                _publish(service, task_set, tasksets.tasks_in(task_set, tasks))

    def failed(self, service: Record, task: Record) -> None:
        """Start the next task of this set later, the later the more have failed."""
        pause = self._pauses.setdefault(task.get("_deployment_id") or "", Pause())
        pause.failed()
        if pause.failures == 4:
            records.event(service, words.INCONSISTENT, ecs._iso())

    def _look_at_set(
        self, key: str, service: Record, task_set: Record, tasks: list[Record]
    ) -> None:
        own = [t for t in tasksets.tasks_in(task_set, tasks) if t["lastStatus"] != "STOPPED"]
        entry = {**service, "loadBalancers": task_set["loadBalancers"]}
        view = self._view(service, task_set, [self._task(entry, task_set, task) for task in own])
        self._note_stability(service, task_set, view)
        for action in decide(view):
            match action:
                case Start(count):
                    self._start(key, service, task_set, count)
                case Stop(arn, failing):
                    self._stop(service, task_set, arn, failing)

    def _view(self, service: Record, task_set: Record, tasks: list[Task]) -> Service:
        pause = self._pauses.get(task_set["id"])
        state = COMPLETED if task_set.get("_was_steady") else IN_PROGRESS
        return Service(
            desired=tasksets.wanted(service, task_set),
            minimum=100,
            maximum=200,
            breaker=False,
            deployments=[Deployment(id=task_set["id"], primary=True, state=state)],
            tasks=tasks,
            may_start=not pause or time.monotonic() >= pause.until,
            steady=True,
        )

    def _task(self, entry: Record, task_set: Record, task: Record) -> Task:
        state = state_of(task)
        found = health.targets(self._pool, entry, ecs._task_ip(task))
        running = state == "running"
        running_for = time.time() - epoch(task.get("startedAt"))
        healthy = running and health.is_healthy(task, entry, found)
        if healthy:
            task["_was_healthy"] = True
        return Task(
            arn=task["taskArn"],
            deployment=task_set["id"],
            state=state,
            healthy=healthy,
            failing=health.failing(task, entry, found, running_for) if running else "",
            # After a restart no task has passed a check yet: those of a set that served count.
            proven=bool(task.get("_was_healthy") or task_set.get("_was_steady")),
            created=epoch(task.get("createdAt")),
        )

    def _note_stability(self, service: Record, task_set: Record, view: Service) -> None:
        serving = [task for task in view.tasks if task.healthy]
        steady = len(serving) == len(view.tasks) == view.desired
        if steady:
            self._pauses.pop(task_set["id"], None)
        if not tasksets.set_stability(task_set, steady, round(time.time(), 3)) or not steady:
            return
        if task_set["status"] != "DRAINING":
            task_set["_was_steady"] = True
            tasksets.event(service, task_set, "has reached a steady state.", ecs._iso())

    def _start(self, key: str, service: Record, task_set: Record, count: int) -> None:
        run = {**service, **{name: task_set.get(name) for name in SET_OWN}}
        deployment = {"id": task_set["id"], "taskDefinition": task_set["taskDefinition"]}
        status, _, body = ecs._run_task(run_request(key, run, deployment, count))
        started = [task["taskArn"] for task in ecs.json.loads(body).get("tasks", [])]
        message = words.started(started) if status == 200 else f"was unable to place a task: {body}"
        tasksets.event(service, task_set, message, ecs._iso())
        if status != 200:
            self._pauses.setdefault(task_set["id"], Pause()).failed()
        self.sync(key, service)

    def _stop(self, service: Record, task_set: Record, arn: str, failing: str) -> None:
        task = ecs._tasks.get(arn)
        if task is None:
            return
        if failing:
            self.failed(service, task)
        reason = failing or words.scaling(task_set["id"])
        if self._ending.stop(task, reason, words.SCHEDULER, drain=True):
            now = ecs._iso()
            tasksets.event(service, task_set, words.draining(1), now)
            tasksets.event(service, task_set, words.stopped([arn]), now)


SET_OWN = (
    *("taskDefinition", "networkConfiguration", "platformVersion"),
    *("launchType", "capacityProviderStrategy"),
)
"""What the tasks of a set are made of."""


def _publish(service: Record, task_set: Record, tasks: list[Record]) -> None:
    """Register the running tasks of a set in its target groups, and no others of its own."""
    addresses = [ip for t in tasks if records.is_running(t) and (ip := ecs._task_ip(t))]
    ledger = task_set.setdefault("_published", {})
    for entry in task_set["loadBalancers"]:
        group = entry.get("targetGroupArn")
        if not group:
            continue
        before = set(ledger.get(group, ()))
        port = int(entry.get("containerPort", 80))
        alb.set_targets_for_group(group, [(ip, port) for ip in addresses], list(before))
        ledger[group] = addresses
        added, removed = set(addresses) - before, before - set(addresses)
        if added:
            message = words.registered(len(added), group)
            tasksets.event(service, task_set, message, ecs._iso())
        if removed:
            message = words.deregistered(len(removed), group)
            tasksets.event(service, task_set, message, ecs._iso())
