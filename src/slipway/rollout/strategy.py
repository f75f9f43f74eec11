"""What a deploy knows of a strategy: nothing but this. A strategy is a module with these verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from slipway.aws import Aws
from slipway.rollout import codedeploy, jobs, rolling
from slipway.rollout.cause import Cause
from slipway.rollout.decide import short
from slipway.rollout.model import Rollout, Target


class Strategy(Protocol):
    """How a service gets from one revision to the next, and back."""

    def start(self, aws: Aws, target: Target) -> Rollout:
        """Register the revision and start its rollout, once; or find that nothing is to do."""
        ...

    def look(self, aws: Aws, rollouts: Sequence[Rollout]) -> bool:
        """One batched look at all of them, settling what ended; whether anything changed."""
        ...

    def back(self, aws: Aws, rollout: Rollout) -> Rollout:
        """Start the way back to `rollout.watched.previous`; it is watched like any other."""
        ...

    def restart(self, aws: Aws, target: Target) -> Rollout:
        """Begin to replace all tasks by new ones of the revision that serves, once."""
        ...

    def explain(self, aws: Aws, rollout: Rollout) -> Cause | None:
        """The cause of a rollout that did not end well."""
        ...

    def differs(self, aws: Aws, target: Target) -> bool:
        """Whether `start` would roll something out; True for a service made just now."""
        ...


ALL: tuple[Strategy, ...] = (rolling, codedeploy, jobs)


def of(target: Target) -> Strategy:
    """The strategy that rolls `target` out."""
    return {"rolling": rolling, "jobs": jobs}.get(target.strategy, codedeploy)


def start(aws: Aws, target: Target) -> Rollout:
    """Start a rollout by the strategy of `target`."""
    return of(target).start(aws, target)


def restart(aws: Aws, target: Target) -> Rollout:
    """Restart a service by the strategy of `target`."""
    return of(target).restart(aws, target)


def left(rollout: Rollout) -> str:
    """What goes on when nobody watches `rollout` any more, and what to do about it."""
    identifier = rollout.watched.deployment_id
    if rollout.memory.awaits:
        return f"nothing was begun; {rollout.memory.awaits} ends by itself. Deploy again"
    way = rollout.back or rollout
    if way is not rollout or rollout.watched.returning:
        return f"the way back to {short(way.watched.task_definition)} goes on by itself"
    if rollout.target.strategy == "jobs":
        return "its jobs may run by either revision; the same deploy again sets all of them right"
    who = "ECS" if rollout.target.strategy == "rolling" else "CodeDeploy"
    more = " (it ends by itself unless its new tasks are tried)" if _waits(rollout) else ""
    return f"{who} goes on with deployment {identifier}{more}; the same deploy again watches it"


def _waits(rollout: Rollout) -> bool:
    """Whether CodeDeploy waits, or will, for our word to go on."""
    return rollout.target.before_traffic is not None and not rollout.memory.asked
