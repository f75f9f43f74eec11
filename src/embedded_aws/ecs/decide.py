"""What the service scheduler does next for one service. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html and
…/deployment-circuit-breaker.html say what AWS does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task that is not stopped; `failing` says why it has to be replaced, if it has."""

    arn: str
    deployment: str
    state: Literal["starting", "running", "stopping"]
    healthy: bool = False
    failing: str = ""
    created: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment of the service; `failed` counts its failed tasks."""

    id: str
    primary: bool
    state: str
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service with the limits of its rollout in percent of `desired`."""

    desired: int
    minimum: int
    maximum: int
    breaker: bool
    deployments: Sequence[Deployment]
    tasks: Sequence[Task]
    may_start: bool = True
    steady: bool = False
    hold: bool = False
    """Whether it is too early to call the rollout complete."""


@dataclass(frozen=True)
class Start:
    """Start tasks of the primary deployment."""

    count: int


@dataclass(frozen=True)
class Stop:
    """Stop a task: it is one too many, or it fails for the reason given."""

    arn: str
    failing: str = ""


@dataclass(frozen=True)
class Complete:
    """The primary deployment is what serves, alone."""


@dataclass(frozen=True)
class Fail:
    """The circuit breaker ends the primary deployment."""


@dataclass(frozen=True)
class Settle:
    """All is as it should be again."""


Action = Start | Stop | Complete | Fail | Settle


def decide(service: Service) -> list[Action]:
    """The next actions; the same facts give the same actions."""
    primary = next((d for d in service.deployments if d.primary), None)
    if primary is None:
        return []
    if primary.state == IN_PROGRESS and _tripped(service, primary):
        return [Fail()]
    live = [task for task in service.tasks if task.state != "stopping"]
    current = [task for task in live if task.deployment == primary.id and not task.failing]
    old = [task for task in live if task.deployment != primary.id and not task.failing]
    doomed, ailing = _failing(live, primary)
    actions: list[Action] = [Stop(task.arn, task.failing) for task in doomed]
    actions += [Stop(task.arn, task.failing) for task in _relieved(service, live, current, ailing)]
    actions += [Stop(arn) for arn in _too_many(service, current)]
    if primary.state != FAILED:
        actions += [Stop(arn) for arn in _replaced(service, current, old)]
        actions += _start(service, live, current)
    return actions or _settle(service, primary)


def threshold(desired: int) -> int:
    """Failed tasks that trip the circuit breaker: half of `desired`, at least 3, at most 200."""
    return min(200, max(3, -(-desired // 2)))


def _tripped(service: Service, primary: Deployment) -> bool:
    return service.breaker and primary.failed >= threshold(service.desired)


def _failing(live: Sequence[Task], primary: Deployment) -> tuple[list[Task], list[Task]]:
    """Failing tasks of the rollout, which go at once, and others, which get relief first."""
    failing = [task for task in live if task.failing]
    new = primary.id if primary.state == IN_PROGRESS else ""
    doomed = [task for task in failing if task.deployment == new]
    return doomed, [task for task in failing if task not in doomed]


def _relieved(
    service: Service, live: Sequence[Task], current: Sequence[Task], ailing: Sequence[Task]
) -> Sequence[Task]:
    """Ailing tasks that may go: all once enough others are healthy, or those whose room is needed.

    AWS starts the replacement of an unhealthy task first, where the maximum leaves room for it.
    """
    if sum(task.healthy for task in current) >= service.desired:
        return ailing
    missing = max(0, service.desired - len(current))
    room = max(0, _most(service) - len(live))
    return ailing[: max(0, missing - room)]


def _too_many(service: Service, current: Sequence[Task]) -> list[str]:
    """Those to stop when scaling in: first what serves nothing, then the newest."""
    excess = len(current) - service.desired
    order = sorted(current, key=lambda task: (task.healthy, -task.created))
    return [task.arn for task in order[: max(0, excess)]]


def _replaced(service: Service, current: Sequence[Task], old: Sequence[Task]) -> list[str]:
    """Old tasks that may go now: what serves nothing, and what the minimum does not need.

    Room is made below `desired`, down to the minimum, only where the maximum leaves no other way.
    """
    useless = [task.arn for task in old if not task.healthy]
    serving = sorted((task for task in old if task.healthy), key=lambda task: task.created)
    healthy = len(serving) + sum(task.healthy for task in current)
    missing = max(0, service.desired - len(current))
    room = max(0, _most(service) - len(current) - len(old))
    floor = _least(service)
    spare = max(healthy - max(service.desired, floor), min(missing - room, healthy - floor), 0)
    return useless + [task.arn for task in serving[:spare]]


def _start(service: Service, live: Sequence[Task], current: Sequence[Task]) -> list[Action]:
    missing = service.desired - len(current)
    room = _most(service) - len(live)
    count = min(missing, room)
    return [Start(count)] if count > 0 and service.may_start else []


def _most(service: Service) -> int:
    """Tasks allowed at once, rounded down; 1 at least, or nothing would ever start."""
    return max(1, service.desired * service.maximum // 100)


def _least(service: Service) -> int:
    """Healthy tasks to keep, rounded up."""
    return -(-service.desired * service.minimum // 100)


def _settle(service: Service, primary: Deployment) -> list[Action]:
    """Whether everything has arrived where it should be: nothing old, all of ours healthy."""
    tasks = service.tasks
    if any(task.deployment != primary.id or not task.healthy for task in tasks):
        return []
    if len(tasks) != service.desired or any(task.state != "running" for task in tasks):
        return []
    if primary.state == IN_PROGRESS:
        return [] if service.hold else [Complete(), Settle()]
    return [] if service.steady else [Settle()]
