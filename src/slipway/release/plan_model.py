"""A plan as a value, and what can be said of a rollout beforehand; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slipway.config import Service
from slipway.release import costing

if TYPE_CHECKING:
    from slipway.cost.estimate import Span


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What Terraform would do to a stack; `monthly` is what that costs more, or None."""

    label: str
    told: str
    changes: tuple[str, ...] = ()
    monthly: Span | None = None

    @property
    def changed(self) -> bool:
        return self.told != "unchanged"


@dataclass(frozen=True, kw_only=True)
class ServicePlan:
    """What would become of a service. `tasks` run now, `peak` at most during the rollout.

    `revision` has a line for each value of its task definition that would change.
    """

    name: str
    action: str
    image: str
    stack: StackPlan
    serving: str
    strategy: str
    tasks: int
    peak: int
    revision: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All of it; `wanting` is what a first deploy would make before anything can be planned.

    `facts` is what the plan rests on: a deploy of it refuses where one of them has moved.
    """

    environment: str
    wanting: tuple[str, ...] = ()
    stacks: tuple[StackPlan, ...] = ()
    services: tuple[ServicePlan, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def monthly(self) -> Span | None:
        """What all of it costs more a month; None where that is not known."""
        return costing.total([*self.stacks, *(each.stack for each in self.services)])


def strategy(service: Service) -> str:
    """How the new version would take over, in words; pure."""
    deploy = service.deploy
    shift = deploy.shift
    ways = {
        "rolling": "rolling, task by task",
        "blue_green": "blue/green, all requests at once",
        "canary": f"canary, {shift.percent} % first, the rest after {shift.minutes} min",
        "linear": f"linear, {shift.percent} % every {shift.minutes} min",
        "jobs": f"jobs run by it from then on: {', '.join(service.jobs)}",
    }
    checks = [f"smoke tests: {len(service.smoke)}"] if service.smoke else []
    checks += [f"{deploy.bake} min of watching"] if deploy.bake and service.serves else []
    return "; ".join([ways[service.strategy], *checks])


def peak(service: Service, tasks: int) -> int:
    """The most tasks at the same time; `tasks` run now, or as many as a first rollout starts. Pure.

    ECS rounds the maximum down; CodeDeploy starts a second set of the same size.
    """
    if not service.serves:
        return 0
    wanted = max(tasks, service.scale.min)
    if tasks == 0:
        return wanted
    if service.deploy.strategy == "rolling":
        return max(wanted, wanted * service.deploy.maximum_percent // 100)
    return 2 * wanted
