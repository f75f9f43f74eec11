"""Beginning a deployment of CodeDeploy: exactly one, and never into somebody else's."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

from slipway.aws import Aws
from slipway.errors import DeployError, LockedError
from slipway.rollout import appspec, deployments, observe, once
from slipway.rollout.decide import Snapshot, short
from slipway.rollout.model import Rollout, Target
from slipway.rollout.shifting import Plan, Shift


def seen(aws: Aws, target: Target) -> tuple[Snapshot, Shift | None]:
    """The service, and the deployment of CodeDeploy that has not ended, if there is one."""
    service = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
    if service.status != "ACTIVE" or service.primary is None:
        raise DeployError(
            f"{target.name}: ECS has no active service {target.service} in {target.cluster}",
            next_step="run the deploy with --refresh, so that Terraform makes it again",
        )
    found = deployments.running(aws.codedeploy, target.application, target.group)
    running = deployments.seen(aws, found, target.cluster, target.service) if found else None
    return service, running if running and running.running else None


def give_tasks(aws: Aws, target: Target, service: Snapshot) -> bool:
    """Scale up a service that has no tasks yet and is meant to have some; whether it was one."""
    if not service.desired == 0 < target.desired:
        return False
    once.scale(aws, target)
    return True


def begin(aws: Aws, rollout: Rollout, running: Shift | None, plan: Plan) -> None:
    """Create our deployment, or wait for the one that is in its way."""
    if running is None:
        create(aws, rollout)
        return
    rollout.memory.awaits = running.id
    if plan.end:
        deployments.go_on(aws.codedeploy, running.id, "TERMINATION_WAIT")


def create(aws: Aws, rollout: Rollout) -> None:
    """Begin the deployment of `rollout`, once: one that a lost answer has begun is taken up."""
    target, arn = rollout.target, rollout.watched.task_definition
    try:
        identifier = created(aws, target, arn)
    except aws.codedeploy.exceptions.DeploymentLimitExceededException:
        _, running = seen(aws, target)
        if running is None or running.task_definition != arn:
            raise taken(target, running) from None
        identifier = running.id
    rollout.watched = replace(rollout.watched, deployment_id=identifier)
    rollout.memory.awaits, rollout.began, rollout.since = "", time.monotonic(), time.time()


def created(aws: Aws, target: Target, definition: str) -> str:
    """The id of a deployment made now, known by its mark where its answer is lost.

    Raises `Unanswered` where nobody can tell.
    """
    mark = f"slipway: {short(definition)} ({uuid.uuid4().hex[:12]})"

    def send() -> str:
        answer = aws.codedeploy.create_deployment(
            applicationName=target.application,
            deploymentGroupName=target.group,
            revision=appspec.revision(target, definition, target.port),
            description=mark,
        )
        return answer["deploymentId"]

    def marked() -> str | None:
        # Ended or not.
        found = deployments.described(aws.codedeploy, target.application, target.group, mark)
        return found or None

    return once.once(target.name, send, marked)


def taken(target: Target, running: Shift | None) -> LockedError:
    """What to raise where somebody else's deployment is under way."""
    named = running.id if running else "that CodeDeploy doesn't name"
    return LockedError(
        f"{target.name}: somebody else's deployment {named} of {target.application} is under way",
        next_step="wait for its end, or take it back: aws deploy stop-deployment "
        f"--deployment-id {named} --auto-rollback-enabled",
    )
