"""What a rollout aims at, where it stands, and how it ended: the same for every strategy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from slipway.model import Verdict
from slipway.rollout.cause import Cause
from slipway.rollout.decide import Network, Snapshot, Watched
from slipway.rollout.schedules import Schedules
from slipway.rollout.shifting import Shift

StrategyName = Literal["rolling", "blue_green", "canary", "linear", "jobs"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to run where. `created` says that this deploy made the service just now.

    `desired` is how many tasks a service gets that has none: one that waited for its secrets or its
    first migration. What follows `strategy` is for CodeDeploy: `application` and `group` are its
    names, `hooks` are Lambda functions by lifecycle event. `before_traffic` is asked between the
    start of the new tasks and their first requests: what is wrong with them, or "". `schedules` are
    those of its jobs; `released` is the parameter that names the revision of a service that has
    nothing else.
    """

    name: str
    cluster: str
    service: str
    template: str
    image: str
    target_group: str
    port: int
    health_path: str
    timeout: int
    desired: int = 0
    created: bool = False
    environment: str = ""
    strategy: StrategyName = "rolling"
    application: str = ""
    group: str = ""
    network: Network | None = None
    hooks: Mapping[str, str] = field(default_factory=dict)
    before_traffic: Callable[[], str] | None = None
    schedules: Schedules | None = None
    released: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the rollout of one service ended, and what is known about it.

    `note` is for the user of a good one: how long the old tasks stand by, for instance.
    """

    verdict: Verdict
    reason: str = ""
    task_definition: str = ""
    previous: str = ""
    deployment_id: str = ""
    cause: Cause | None = None
    note: str = ""


@dataclass(kw_only=True)
class Memory:
    """What a watched rollout has seen and done, so that nothing is done twice.

    `awaits` is the deployment of CodeDeploy that has to end before ours can begin; `asked` says
    that the new tasks were tried; `ended` when we first saw that ours was over.
    """

    awaits: str = ""
    asked: bool = False
    ended: float | None = None
    shift: Shift | None = None
    stopped: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Rollout:
    """A rollout under way; `previous_port` is where requests went before it, 0 if unknown.

    `cause` is known before the end where the rollout was given up early; `back` is then the way
    back, which decides how this one ends. `hands_off`: it is only looked at, and nothing is done.
    `since` is when it was started, in seconds since the epoch; `began` when we began to watch it.
    """

    target: Target
    watched: Watched
    previous_port: int = 0
    snapshot: Snapshot | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    back: Rollout | None = None
    hands_off: bool = False
    memory: Memory = field(default_factory=Memory)
    began: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.time)

    @property
    def overdue(self) -> bool:
        return time.monotonic() - self.began > self.target.timeout

    def end(self, verdict: Verdict, reason: str, *, note: str = "") -> None:
        """Settle how it ended."""
        self.outcome = ended(self, verdict, reason, note=note)


def ended(rollout: Rollout, verdict: Verdict, reason: str, *, note: str = "") -> Outcome:
    """The outcome of `rollout` with this verdict."""
    return Outcome(
        verdict=verdict,
        reason=reason,
        task_definition=rollout.watched.task_definition,
        previous=rollout.watched.previous,
        deployment_id=rollout.watched.deployment_id,
        cause=rollout.cause,
        note=note,
    )


def snapshots_of(rollouts: Sequence[Rollout]) -> dict[str, Snapshot]:
    """What was last seen of each service, by name."""
    return {each.target.name: each.snapshot for each in rollouts if each.snapshot}
