"""Requests that begin a rollout, done once: where an answer is lost, AWS is asked what came of it.

Repeated blindly they would undo what came between: the circuit breaker's way back, or the
deployment of somebody else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from slipway.aws import Aws
from slipway.errors import Unanswered
from slipway.lost import unanswered
from slipway.rollout import observe
from slipway.rollout.decide import Deployment, Snapshot
from slipway.rollout.model import Target

Done = TypeVar("Done")

ATTEMPTS = 4
"""How often a request is sent that AWS has not done."""

LOOKS = (0.5, 1.5, 3.0)
"""Seconds before each look at what came of it: AWS may take a moment to show it."""


def once(
    name: str,
    send: Callable[[], Done],
    found: Callable[[], Done | None],
) -> Done:
    """What `send` answers for the service `name`, or what is `found` where its answer is lost.

    Raises `Unanswered` where nobody can tell whether it was done.
    """
    for _ in range(ATTEMPTS):
        try:
            return send()
        except Exception as error:
            if not unanswered(error):
                raise
            lost = error
        if (done := _looked(name, found)) is not None:
            return done
    raise Unanswered(name, lost)


def _looked(name: str, found: Callable[[], Done | None]) -> Done | None:
    for seconds in LOOKS:
        time.sleep(seconds)
        try:
            done = found()
        except Exception as error:
            raise Unanswered(name, error) from error
        if done is not None:
            return done
    return None


def update(
    aws: Aws, target: Target, before: Snapshot, definition: str, **more: Any
) -> Deployment | None:
    """Update a service that was as in `before` to `definition`; its primary deployment then.

    That may be somebody else's. Raises `Unanswered` where nobody can tell what it is.
    """
    old = before.primary

    def send() -> Deployment | None:
        answer = aws.ecs.update_service(
            cluster=target.cluster, service=target.service, taskDefinition=definition, **more
        )
        return observe.read_service(answer["service"]).primary

    def moved() -> Deployment | None:
        new = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service].primary
        same = new and old and (new.id, new.task_definition) == (old.id, old.task_definition)
        return None if same else new

    return once(target.name, send, moved)


def scale(aws: Aws, target: Target) -> None:
    """Have ECS run as many tasks as are meant. Raises `Unanswered` where nobody can tell."""

    def send() -> bool:
        aws.ecs.update_service(
            cluster=target.cluster, service=target.service, desiredCount=target.desired
        )
        return True

    def meant() -> bool | None:
        now = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        return now.desired == target.desired or None

    once(target.name, send, meant)
