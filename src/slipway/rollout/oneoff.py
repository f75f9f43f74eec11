"""One-off tasks: run a revision to its end, beside the service, and tell how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from slipway import signals
from slipway.aws import Aws, calls
from slipway.errors import DeployError, Interrupted
from slipway.rollout import observe, taskdef
from slipway.rollout.decide import Network
from slipway.rollout.tasklog import TaskLog

POLL = 2.0
"""Seconds between two looks at the task."""

LATE = 1.0
"""Seconds that the last lines of a task may take to be in its log."""


@dataclass(frozen=True, kw_only=True)
class OneOff:
    """A task to run once: `template` with `image`, on the network of the ECS service `service`.

    `network` is for where there is no such service. `overrides` are ECS's, of this one task;
    `started_by` is what ECS tells of who started it.
    """

    name: str
    cluster: str
    service: str
    template: str
    image: str = ""
    network: Network | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    started_by: str = "slipway"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How it ended; `exit_code` is None where the container never ran."""

    task: str
    exit_code: int | None
    reason: str
    log: tuple[str, ...]


def run(
    aws: Aws,
    wanted: OneOff,
    *,
    say: Callable[[str], None] = lambda _: None,
    pause: Callable[[float], None] = signals.sleep,
) -> Ended:
    """Register the revision, run one task of it, and wait until it has stopped.

    A signal ends the waiting and not the task: half a migration is worse than a whole one. So one
    that an earlier deploy left running is waited for: its lease may have run out long ago.
    """
    with calls(f"running {wanted.name}"):
        _await_others(aws, wanted, say, pause)
        definition = _register(aws, wanted)
        task = begin(aws, wanted, definition["taskDefinitionArn"])
        while task.get("lastStatus") != "STOPPED":
            with _told(wanted, task["taskArn"]):
                pause(POLL)
            task = _look(aws, wanted, task["taskArn"])
        return _ended(aws, definition, task)


def follow(
    aws: Aws,
    wanted: OneOff,
    task: Any,
    *,
    write: Callable[[str], None],
    pause: Callable[[float], None] = signals.sleep,
) -> Ended:
    """Write what a task logs, line by line, until it has stopped; how it ended, without its log."""
    definition, _ = observe.task_definition(aws.ecs, task["taskDefinitionArn"])
    log = TaskLog(aws, observe.app_of(definition), task["taskArn"].rsplit("/", 1)[-1])
    while True:
        stopped = task.get("lastStatus") == "STOPPED"
        if stopped:
            pause(LATE)
        for line in log.more():
            write(line)
        if stopped:
            return replace(_ended(aws, definition, task), log=())
        pause(POLL)
        task = _look(aws, wanted, task["taskArn"])


def _await_others(
    aws: Aws, wanted: OneOff, say: Callable[[str], None], pause: Callable[[float], None]
) -> None:
    """Wait until no task of the same family runs any more."""
    told: set[str] = set()
    while running := _running(aws, wanted):
        for task in sorted(running - told):
            end = f"aws ecs stop-task --cluster {wanted.cluster} --task {task}"
            say(f"{wanted.name}: waiting for one that runs already; to end it: {end}")
        told |= running
        pause(POLL)


def _running(aws: Aws, wanted: OneOff) -> set[str]:
    """Ids of the tasks of the family that are meant to run."""
    family = wanted.template.rpartition("/")[2].partition(":")[0]
    answer = aws.ecs.list_tasks(cluster=wanted.cluster, family=family, desiredStatus="RUNNING")
    return {arn.rpartition("/")[2] for arn in answer["taskArns"]}


@contextmanager
def _told(wanted: OneOff, arn: str) -> Iterator[None]:
    """Say of a signal what it does not end."""
    try:
        yield
    except Interrupted as error:
        raise Interrupted(
            f"stopped waiting for {wanted.name}; its task {arn.rsplit('/', 1)[-1]} goes on",
            next_step="deploy again: it runs anew, after this one has ended",
            signal=error.signal,
        ) from error


def _register(aws: Aws, wanted: OneOff) -> Any:
    template, tags = observe.task_definition(aws.ecs, wanted.template)
    content = taskdef.next_revision(template, tags, wanted.image)
    return aws.ecs.register_task_definition(**content)["taskDefinition"]


def begin(aws: Aws, wanted: OneOff, definition: str) -> Any:
    """Start one task of a revision; what ECS says of it. Raises `DeployError` where it can't."""
    overrides: Any = {"overrides": wanted.overrides} if wanted.overrides else {}
    answer = aws.ecs.run_task(
        cluster=wanted.cluster,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=_network(aws, wanted),
        startedBy=wanted.started_by,
        **overrides,
    )
    if answer["tasks"]:
        return answer["tasks"][0]
    reasons = ", ".join(str(each.get("reason", "")) for each in answer["failures"])
    raise DeployError(
        f"{wanted.name}: ECS could not start the task: {reasons}",
        next_step="run the deploy again; if it stays, look at the cluster's capacity",
    )


def _network(aws: Aws, wanted: OneOff) -> Any:
    if wanted.network:
        return wanted.network.awsvpc
    found = aws.ecs.describe_services(cluster=wanted.cluster, services=[wanted.service])
    return observe.network_of(found["services"][0])


def _look(aws: Aws, wanted: OneOff, arn: str) -> Any:
    found = aws.ecs.describe_tasks(cluster=wanted.cluster, tasks=[arn])["tasks"]
    if not found:
        raise DeployError(f"{wanted.name}: ECS no longer knows the task {arn}")
    return found[0]


def _ended(aws: Aws, definition: Any, task: Any) -> Ended:
    app = observe.app_of(definition)
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    container: Any = next((c for c in task["containers"] if c["name"] == app["name"]), {})
    return Ended(
        task=task_id,
        exit_code=container.get("exitCode"),
        reason=" ".join(filter(None, (task.get("stoppedReason", ""), container.get("reason", "")))),
        log=observe.log_tail(aws, app, task_id),
    )
