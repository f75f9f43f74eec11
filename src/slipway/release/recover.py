"""What to do about a rollout that did not end well, or that a signal broke into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from slipway.aws import Aws
from slipway.model import Verdict
from slipway.release.progress import OnInterrupt, Progress
from slipway.rollout import model, strategy
from slipway.rollout.cause import Cause
from slipway.rollout.decide import short
from slipway.rollout.model import Rollout

Watch = Callable[[Sequence[Rollout]], None]
"""Watches rollouts to their ends, and shows them."""


def take_back(
    aws: Aws,
    watch: Watch,
    rollout: Rollout,
    problem: str,
    *,
    how: str = "as seen through the load balancer",
) -> None:
    """Return to the previous revision after a failed verification, if there is one.

    `how` says from where the problem is known.
    """
    outcome = rollout.outcome
    assert outcome
    cause = Cause(
        title=f"verification failed: {problem}",
        remedy="look at the service's log and at its health endpoint",
    )
    reason = f"{problem}, {how}"
    unseen = f"{reason}; the way back was not seen to its end"
    # What holds if a signal or an error comes on the way.
    rollout.outcome = replace(outcome, verdict=Verdict.INTERRUPTED, reason=unseen, cause=cause)
    back = bool(outcome.previous) and went_back(aws, watch, rollout)
    verdict = Verdict.ROLLED_BACK if back else Verdict.FAILED
    rollout.outcome = replace(rollout.outcome, verdict=verdict, reason=reason)


def unwell(aws: Aws, rollout: Rollout, problem: str) -> None:
    """Settle a rollout that came up and answers wrong, where nobody wants to go back from it."""
    assert rollout.outcome
    reason = f"{problem}, as seen through the load balancer"
    rollout.outcome = replace(rollout.outcome, verdict=Verdict.FAILED, reason=reason)
    explained(aws, rollout)


def explained(aws: Aws, rollout: Rollout) -> None:
    """Add the cause to an outcome that is not good."""
    outcome = rollout.outcome
    if outcome and not outcome.verdict.good and outcome.verdict is not Verdict.SUPERSEDED:
        rollout.outcome = replace(outcome, cause=strategy.of(rollout.target).explain(aws, rollout))


def interrupted(aws: Aws, watch: Watch, warn: Callable[[str], None], progress: Progress) -> None:
    """After a first signal: roll back what has not ended, or leave it to ECS, and say which."""
    for name, rollout in progress.rollouts.items():
        if rollout.outcome is None:
            reason = stop(aws, watch, rollout, progress.options.on_interrupt)
            warn(f"{rollout.target.name}: {reason}")
            rollout.outcome = model.ended(rollout, Verdict.INTERRUPTED, reason)
        elif rollout.outcome.verdict is Verdict.DEPLOYED and name not in progress.smoke:
            warn(f"{rollout.target.name}: {unverified(rollout)}")


def unverified(rollout: Rollout) -> str:
    """What to say of a rollout that ended, but was not verified; pure."""
    target = rollout.target
    where = f" --env={target.environment}" if target.environment else ""
    return (
        f"{short(rollout.watched.task_definition)} serves, and was not verified to the end; to do "
        f"that: uv run invoke deploy{where} --service={target.name} --resume"
    )


def stop(aws: Aws, watch: Watch, rollout: Rollout, how: OnInterrupt) -> str:
    """End or leave one rollout as asked; says what became of it and what to do next."""
    previous = rollout.watched.previous
    if how == "rollback" and previous:
        back = went_back(aws, watch, rollout)
        return f"{'went' if back else 'could not go'} back to {short(previous)}"
    return strategy.left(rollout)


def went_back(aws: Aws, watch: Watch, rollout: Rollout) -> bool:
    """Roll back to the previous revision and watch; whether it serves at the end."""
    back = strategy.of(rollout.target).back(aws, rollout)
    watch([back])
    return back.outcome is not None and back.outcome.verdict is Verdict.DEPLOYED
