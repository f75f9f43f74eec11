"""Following deployments of CodeDeploy to their ends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from slipway import signals
from slipway.aws import Aws
from slipway.model import Verdict
from slipway.rollout import begin, deployments, observe, phases, shifting, trial
from slipway.rollout.decide import Decision, Deployment, Snapshot, timed_out
from slipway.rollout.decide import decide as decide_first
from slipway.rollout.model import Rollout
from slipway.rollout.shifting import Picture, Shift

MOVED = (Verdict.DEPLOYED, Verdict.ROLLED_BACK)
"""Verdicts that say where the requests go: they are asked of the load balancer itself first."""


def look(aws: Aws, rollouts: Sequence[Rollout]) -> bool:
    """One batched look at all of them, settling outcomes; whether anything changed."""
    services = _services(aws, rollouts)
    ids = [each for r in rollouts for each in (r.watched.deployment_id, r.memory.awaits)]
    known = deployments.shifts(aws.codedeploy, filter(_is_shift, ids))
    known |= deployments.shifts(aws.codedeploy, (shift.undo for shift in known.values()))
    changed = False
    for rollout in rollouts:
        before = rollout.snapshot
        _advance(aws, rollout, services[rollout.target.service], known)
        changed |= rollout.snapshot != before
    return changed


def _services(aws: Aws, rollouts: Sequence[Rollout]) -> dict[str, Snapshot]:
    found: dict[str, Snapshot] = {}
    for cluster in {each.target.cluster for each in rollouts}:
        names = [each.target.service for each in rollouts if each.target.cluster == cluster]
        found |= observe.snapshots(aws.ecs, cluster, names)
    return found


def _is_shift(identifier: str) -> bool:
    return identifier.startswith("d-")


def _advance(aws: Aws, rollout: Rollout, service: Snapshot, known: Mapping[str, Shift]) -> None:
    if rollout.memory.awaits:
        _queue(aws, rollout, service, known.get(rollout.memory.awaits))
    elif _is_shift(rollout.watched.deployment_id):
        _follow(aws, rollout, service, known)
    elif not rollout.watched.deployment_id:
        rollout.snapshot = service
        settle(rollout, Decision(verdict=Verdict.FAILED, reason="no deployment was begun"))
    else:
        rollout.snapshot = service
        settle(rollout, decide_first(service, rollout.watched))
        if not rollout.hands_off:
            trial.give_up_first(aws, rollout)
    if rollout.outcome is None and rollout.overdue:
        settle(rollout, timed_out(rollout.watched, rollout.target.timeout))


def _queue(aws: Aws, rollout: Rollout, service: Snapshot, before: Shift | None) -> None:
    """Begin as soon as the deployment before ours is over."""
    rollout.snapshot = replace(service, phase=phases.waiting(rollout.memory.awaits, before))
    if before is None or not before.running:
        with signals.deferred():
            begin.create(aws, rollout)


def _follow(aws: Aws, rollout: Rollout, service: Snapshot, known: Mapping[str, Shift]) -> None:
    target, memory = rollout.target, rollout.memory
    ours = known.get(rollout.watched.deployment_id)
    if ours is None:
        return
    ours = deployments.in_detail(aws.codedeploy, ours, target.cluster, target.service)
    if not ours.running and memory.ended is None:
        memory.ended = time.monotonic()
    ended_for = time.monotonic() - memory.ended if memory.ended is not None else 0.0
    picture = Picture(service=service, ours=ours, undo=known.get(ours.undo), ended_for=ended_for)
    memory.shift, rollout.snapshot = ours, phases.shown(picture)
    decision = shifting.decide(picture, rollout.watched)
    if decision.verdict in MOVED and not _has_all(aws, ours, service):
        return
    if decision.verdict is None and ours.running and not rollout.hands_off:
        trial.step(aws, rollout, picture)
    settle(rollout, decision)


def _has_all(aws: Aws, ours: Shift, service: Snapshot) -> bool:
    """Whether the load balancer itself sends all requests to the primary task set."""
    primary = service.primary
    if primary is None or not primary.target_group or not ours.listener:
        return True
    return deployments.share(aws.elbv2, ours.listener, primary.target_group) == 100


def settle(rollout: Rollout, decision: Decision) -> None:
    """End `rollout` as decided, if it was."""
    if decision.verdict is None:
        return
    shift = rollout.memory.shift
    good = decision.verdict is Verdict.DEPLOYED and not rollout.watched.returning
    note = phases.standby(rollout.target, shift) if good and shift and shift.running else ""
    rollout.end(decision.verdict, decision.reason, note=note)


def green(snapshot: Snapshot, rollout: Rollout) -> Deployment | None:
    """Our task set, while it is there."""
    ours = rollout.watched.deployment_id
    return next((each for each in snapshot.deployments if ours in (each.source, each.id)), None)
