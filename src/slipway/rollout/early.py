"""Giving a rollout up before its own limits do: tasks that keep ending by the same cause.

ECS's circuit breaker waits for half of the wanted tasks, at least 3; it doesn't count containers
that end after they ran for a moment; and CodeDeploy has nothing but its limit of an hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from slipway.aws import Aws
from slipway.rollout import observe
from slipway.rollout.cause import Cause
from slipway.rollout.diagnose import UNKNOWN, diagnose, diagnose_for
from slipway.rollout.evidence import Evidence, StoppedTask
from slipway.rollout.model import Rollout

LEAST, LEAST_PASSING, MOST = 2, 3, 100
PASSING = frozenset({"no_route", "wont_start", "quota"})
"""What may pass by itself: a network that is slow to come up, a shortage."""

FAILED = frozenset({"EssentialContainerExited", "TaskFailedToStart"})
"""Stop codes of tasks that ended by themselves; health checks are told by the reason alone."""


def hopeless(stopped: Iterable[StoppedTask], desired: int) -> str:
    """The kind of cause that has ended too many tasks of one deployment, or "". Pure.

    Too many is a quarter of the wanted tasks, half of what the circuit breaker waits for.
    """
    kinds = Counter(kind for task in stopped if (kind := kind_of(task)))
    for kind, count in kinds.most_common():
        least = LEAST_PASSING if kind in PASSING else LEAST
        if count >= min(MOST, max(least, -(-desired // 4))):
            return kind
    return ""


def kind_of(task: StoppedTask) -> str:
    """The kind of cause that ended a task; "" where it was sent away, or nobody knows."""
    if task.code not in FAILED and "health check" not in task.reason:
        return ""
    kind = diagnose(Evidence(stopped=(task,))).kind
    return "" if kind == UNKNOWN else kind


def found(aws: Aws, rollout: Rollout, deployment: str) -> str:
    """The kind of cause that makes `rollout` hopeless now, looked for where more tasks stopped."""
    target = rollout.target
    ids = frozenset(observe.stopped_ids(aws.ecs, target.cluster, target.service))
    if ids == rollout.memory.stopped:
        return ""
    rollout.memory.stopped = ids
    stopped = ours(aws, rollout, deployment, sorted(ids))
    return hopeless(stopped, rollout.snapshot.desired if rollout.snapshot else 1)


def cause(aws: Aws, rollout: Rollout, deployment: str) -> Cause | None:
    """What keeps ending the tasks of the deployment or task set `deployment`, if anything does."""
    if not found(aws, rollout, deployment) or rollout.snapshot is None:
        return None
    target, arn = rollout.target, rollout.watched.task_definition
    evidence = observe.evidence(aws, target.cluster, rollout.snapshot, deployment, arn)
    return diagnose_for(target, evidence)


def ours(
    aws: Aws, rollout: Rollout, deployment: str, ids: Sequence[str]
) -> tuple[StoppedTask, ...]:
    """How tasks of the deployment or task set `deployment` ended."""
    arn = rollout.watched.task_definition
    return observe.failures(aws.ecs, rollout.target.cluster, ids, arn, deployment)
