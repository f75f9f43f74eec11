"""UpdateService, done once: where its answer is lost, ECS is asked whether it did it.

Repeated blindly it would undo what came between: the circuit breaker's way back, or the deployment
of somebody else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slipway.aws import Aws
from slipway.errors import Unanswered
from slipway.lost import unanswered
from slipway.rollout import observe
from slipway.rollout.decide import Deployment, Snapshot
from slipway.rollout.model import Target

ATTEMPTS = 4
"""How often a request is sent that ECS has not done."""

LOOKS = (0.5, 1.5, 3.0)
"""Seconds before each look at what came of it: ECS may take a moment to show it."""


def update(
    aws: Aws,
    target: Target,
    before: Snapshot,
    definition: str,
    *,
    pause: Callable[[float], None] = time.sleep,
    **more: Any,
) -> Deployment | None:
    """Update a service that was as in `before` to `definition`; its primary deployment then.

    That may be somebody else's. Raises `Unanswered` where nobody can tell what it is.
    """
    for _ in range(ATTEMPTS):
        try:
            answer = aws.ecs.update_service(
                cluster=target.cluster,
                service=target.service,
                taskDefinition=definition,
                **more,
            )
            return observe.read_service(answer["service"]).primary
        except Exception as error:
            if not unanswered(error):
                raise
            lost = error
        if moved := what_came(aws, target, before, pause):
            return moved
    raise Unanswered(target.name, lost)


def what_came(
    aws: Aws, target: Target, before: Snapshot, pause: Callable[[float], None]
) -> Deployment | None:
    """The primary deployment if it is another one than before; None if it stays the same."""
    old = before.primary
    for seconds in LOOKS:
        pause(seconds)
        try:
            now = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        except Exception as error:
            raise Unanswered(target.name, error) from error
        new = now.primary
        if new and (old is None or (new.id, new.task_definition) != (old.id, old.task_definition)):
            return new
    return None
