"""What we do to a deployment while it runs: try its new tasks, or give it up."""

from __future__ import annotations

from slipway import signals
from slipway.aws import Aws
from slipway.model import Verdict
from slipway.rollout import deployments, early
from slipway.rollout.cause import Cause
from slipway.rollout.model import Rollout
from slipway.rollout.shifting import Picture

INSTALL = "Install"


def step(aws: Aws, rollout: Rollout, now: Picture) -> None:
    """Answer a deployment that is ready; stop one whose new tasks keep ending alike."""
    if now.ours.status == "Ready" and not rollout.memory.asked:
        answer(aws, rollout)
    elif now.ours.event == INSTALL and rollout.cause is None:
        green = next((e for e in now.service.deployments if e.source == now.ours.id), None)
        if green and (cause := early.cause(aws, rollout, green.id)):
            stop(aws, rollout, cause)


def answer(aws: Aws, rollout: Rollout) -> None:
    """Try the new tasks, and let their deployment go on or go back."""
    try_them = rollout.target.before_traffic
    problem = try_them() if try_them else ""
    with signals.deferred():
        rollout.memory.asked = True
        if problem:
            stop(aws, rollout, _untrusted(problem))
        else:
            deployments.go_on(aws.codedeploy, rollout.watched.deployment_id, "READY_WAIT")


def stop(aws: Aws, rollout: Rollout, cause: Cause) -> None:
    """Stop our deployment for a cause; CodeDeploy undoes it."""
    with signals.deferred():
        rollout.cause = cause
        deployments.stop(aws.codedeploy, rollout.watched.deployment_id)


def give_up_first(aws: Aws, rollout: Rollout) -> None:
    """End the watch of a service's very first tasks where they keep ending alike."""
    primary = rollout.snapshot.primary if rollout.snapshot else None
    if rollout.outcome or primary is None or primary.state == "COMPLETED":
        return
    if cause := early.cause(aws, rollout, primary.id):
        rollout.cause = cause
        rollout.end(Verdict.FAILED, "its tasks keep ending, and there is nothing to go back to")


def _untrusted(problem: str) -> Cause:
    return Cause(
        title=f"the new tasks were tried before their first requests: {problem}",
        remedy="look at what they answer at the test listener, and at the service's log",
        kind="trial",
    )
