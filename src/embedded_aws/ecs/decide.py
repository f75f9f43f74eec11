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
    """A task that is not stopped; `failing` says why it has to be replaced, if it has.

    It is `proven` if it was healthy once, or its deployment was completed.
    """

    arn: str
    deployment: str
    state: Literal["starting", "running", "stopping"]
    healthy: bool = False
    failing: str = ""
    proven: bool = False
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
    actions: list[Action] = [Stop(task.arn, task.failing) for task in _hopeless(live, primary)]
    actions += [Stop(task.arn) for task in _too_many(service, current)]
    if primary.state != FAILED:
        leaving = _replaced(service, primary, live, current)
        actions += [Stop(task.arn, task.failing) for task in leaving]
        actions += _start(service, live, current)
    return actions or _settle(service, primary)


def threshold(desired: int) -> int:
    """Failed tasks that trip the circuit breaker: half of `desired`, at least 3, at most 200."""
    return min(200, max(3, -(-desired // 2)))


def _tripped(service: Service, primary: Deployment) -> bool:
    return service.breaker and primary.failed >= threshold(service.desired)


def _hopeless(live: Sequence[Task], primary: Deployment) -> list[Task]:
    """Tasks that never served: they fail their first checks, or their rollout was overtaken."""
    unproven = [task for task in live if not task.proven and not task.healthy]
    return [task for task in unproven if task.failing or task.deployment != primary.id]


def _too_many(service: Service, current: Sequence[Task]) -> list[Task]:
    """Those to stop when scaling in: first what serves nothing, then the newest."""
    excess = len(current) - service.desired
    order = sorted(current, key=lambda task: (task.healthy, -task.created))
    return order[: max(0, excess)]


def _replaced(
    service: Service, primary: Deployment, live: Sequence[Task], current: Sequence[Task]
) -> list[Task]:
    """Tasks to be replaced, old ones and ailing ones, that may go now.

    They go as healthy new ones make them superfluous. Before that, only where the maximum leaves no
    room to start new ones: first what is not healthy, then healthy ones down to the minimum.
    """
    hopeless = _hopeless(live, primary)
    leaving = [t for t in live if t not in current and t not in hopeless]
    ailing = [task for task in leaving if not task.healthy]
    serving = sorted((t for t in leaving if t.healthy), key=lambda task: task.created)
    arrived = sum(task.healthy for task in current)
    healthy = arrived + len(serving)
    missing = max(0, service.desired - len(current))
    needed = max(0, missing - max(0, _most(service) - len(live) + len(hopeless)))
    superfluous = healthy - max(service.desired, _least(service))
    for_room = min(needed - len(ailing), healthy - _least(service))
    unwell = ailing if arrived >= service.desired else ailing[:needed]
    return [*unwell, *serving[: max(0, superfluous, for_room)]]


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
