"""Rolling updates by ECS: register the revision, update the service once, watch to the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway import signals
from slipway.aws import Aws, calls
from slipway.errors import DeployError, LockedError
from slipway.model import Verdict
from slipway.rollout import early, observe, once, taskdef
from slipway.rollout.cause import Cause
from slipway.rollout.decide import (
    Decision,
    Deployment,
    Snapshot,
    Watched,
    decide,
    has_failed,
    short,
    timed_out,
)
from slipway.rollout.diagnose import diagnose_for
from slipway.rollout.model import Rollout, Target


def start(aws: Aws, target: Target) -> Rollout:
    """Register the revision and update the service, once; or find that there is nothing to do."""
    with calls(f"rolling out {target.name}"):
        snapshot = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        primary = snapshot.primary
        if snapshot.status != "ACTIVE" or primary is None:
            raise _absent(target)
        wanted, running = _wanted(aws, target), _running(aws, primary)
        done = taskdef.same(running, wanted) and primary.state != "FAILED"
        if done and not _starting(target, snapshot):
            return _already_there(target, snapshot, primary)
        return _update(aws, target, snapshot, wanted)


def differs(aws: Aws, target: Target) -> bool:
    """Whether `start` would roll something out; True for a service that was made just now."""
    with calls(f"looking at {target.name}"):
        snapshot = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        if target.created or snapshot.primary is None:
            return True
        same = taskdef.same(_running(aws, snapshot.primary), _wanted(aws, target))
        return not same or bool(_starting(target, snapshot))


def look(aws: Aws, rollouts: Sequence[Rollout]) -> bool:
    """One batched look at every rollout; whether anything changed since the last one."""
    changed = False
    for cluster in {each.target.cluster for each in rollouts}:
        mine = [each for each in rollouts if each.target.cluster == cluster]
        seen = observe.snapshots(aws.ecs, cluster, [each.target.service for each in mine])
        for rollout in mine:
            changed |= _advance(rollout.back or rollout, seen[rollout.target.service])
            _give_up(aws, rollout)
    return changed


def back(aws: Aws, rollout: Rollout) -> Rollout:
    """Roll the service back to the revision that was there before; nothing is registered."""
    previous = rollout.watched.previous
    target = replace(rollout.target, port=rollout.previous_port or rollout.target.port)
    with calls(f"rolling {target.name} back"):
        now = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        primary = once.update(aws, target, now, previous, **_balanced(target, now))
    assert primary
    watched = Watched(deployment_id=primary.id, task_definition=previous, previous=previous)
    return Rollout(target=target, watched=watched)


def restart(aws: Aws, target: Target) -> Rollout:
    """Replace all tasks by new ones of the same revision; nothing is registered."""
    with calls(f"restarting {target.name}"):
        now = observe.snapshots(aws.ecs, target.cluster, [target.service])[target.service]
        primary = now.primary
        if now.status != "ACTIVE" or primary is None:
            raise _absent(target)
        demand_still(target, now)
        arn = primary.task_definition
        ours = once.update(aws, target, now, arn, forceNewDeployment=True)
    assert ours
    watched = Watched(deployment_id=ours.id, task_definition=arn, previous=arn)
    return Rollout(target=target, watched=watched, previous_port=now.port)


def explain(aws: Aws, rollout: Rollout) -> Cause | None:
    """The cause of a rollout that did not end well."""
    if rollout.cause or rollout.snapshot is None:
        return rollout.cause
    with calls(f"looking for the cause of {rollout.target.name}'s failure"):
        found = observe.evidence(
            aws,
            rollout.target.cluster,
            rollout.snapshot,
            rollout.watched.deployment_id,
            rollout.watched.task_definition,
        )
    return diagnose_for(rollout.target, found)


def _absent(target: Target) -> DeployError:
    return DeployError(
        f"{target.name}: ECS has no active service {target.service} in {target.cluster}",
        next_step="run the deploy with --refresh, so that Terraform makes it again",
    )


def demand_still(target: Target, now: Snapshot) -> None:
    """Raise `LockedError` while a rollout is under way, whoever began it."""
    ours = now.primary
    if ours is None or (len(now.deployments) == 1 and ours.state != "IN_PROGRESS"):
        return
    flags = f"--env={target.environment} --service={target.name}"
    raise LockedError(
        f"{target.name}: deployment {ours.id} of {short(ours.task_definition)} is under way",
        next_step=f"uv run invoke deploy {flags} --resume watches it",
    )


def _wanted(aws: Aws, target: Target) -> dict[str, object]:
    template, tags = observe.task_definition(aws.ecs, target.template)
    return taskdef.next_revision(template, tags, target.image)


def _running(aws: Aws, primary: Deployment) -> taskdef.TaskDefinition:
    running, _ = observe.task_definition(aws.ecs, primary.task_definition)
    return running


def _already_there(target: Target, snapshot: Snapshot, primary: Deployment) -> Rollout:
    """The service has this content: done if at its count, else a deployment to re-attach to."""
    watched = Watched(deployment_id=primary.id, task_definition=primary.task_definition)
    rollout = Rollout(target=target, watched=watched, snapshot=snapshot)
    decision = decide(snapshot, watched)
    if decision.verdict is Verdict.DEPLOYED and not target.created:
        decision = Decision(verdict=Verdict.UNCHANGED, reason="this revision is serving already")
    _settle(rollout, decision)
    return rollout


def _update(aws: Aws, target: Target, snapshot: Snapshot, wanted: Mapping[str, object]) -> Rollout:
    registered = aws.ecs.register_task_definition(**wanted)  # type: ignore[arg-type]
    arn = registered["taskDefinition"]["taskDefinitionArn"]
    more = {**_balanced(target, snapshot), **_starting(target, snapshot)}
    ours = once.update(aws, target, snapshot, arn, **more)
    if ours is None or ours.task_definition != arn:
        raise DeployError(
            f"{target.name}: ECS did not start a deployment of {arn}",
            next_step="look at the service in ECS; somebody else may be deploying it",
        )
    previous = snapshot.primary.task_definition if snapshot.primary else ""
    watched = Watched(deployment_id=ours.id, task_definition=arn, previous=previous)
    return Rollout(target=target, watched=watched, previous_port=snapshot.port)


def _starting(target: Target, snapshot: Snapshot) -> Any:
    """What to send along where the service has no tasks yet and is meant to have some."""
    return {"desiredCount": target.desired} if snapshot.desired == 0 < target.desired else {}


def _balanced(target: Target, snapshot: Snapshot) -> Any:
    """What to send along where the port changes: Terraform leaves this field to us."""
    if snapshot.port in (0, target.port):
        return {}
    entry = {"targetGroupArn": target.target_group, "containerName": taskdef.CONTAINER}
    return {"loadBalancers": [{**entry, "containerPort": target.port}]}


def _advance(rollout: Rollout, snapshot: Snapshot) -> bool:
    changed = snapshot != rollout.snapshot
    rollout.snapshot = snapshot
    if has_failed(snapshot, rollout.watched.deployment_id):
        rollout.watched = replace(rollout.watched, failed_seen=True)
    decision = decide(snapshot, rollout.watched)
    if decision.verdict is None and rollout.overdue:
        decision = timed_out(rollout.watched, rollout.target.timeout)
    _settle(rollout, decision)
    return changed


def _give_up(aws: Aws, rollout: Rollout) -> None:
    """Go back where our tasks keep ending by the same cause; ECS takes its time to see it."""
    if rollout.back:
        _came_back(rollout, rollout.back)
    if rollout.back or rollout.hands_off:
        return
    watched, snapshot = rollout.watched, rollout.snapshot
    ours = snapshot.find(watched.deployment_id) if snapshot else None
    if rollout.outcome or ours is None or not ours.primary or ours.state != "IN_PROGRESS":
        return
    cause = early.cause(aws, rollout, ours.id)
    if cause is None:
        return
    rollout.cause = cause
    if watched.previous in ("", watched.task_definition):
        rollout.end(Verdict.FAILED, f"its tasks keep ending, and {_stays(watched)}")
        return
    with signals.deferred():
        rollout.back = back(aws, rollout)


def _stays(watched: Watched) -> str:
    """What there is where tasks keep ending and no other revision was there before."""
    if watched.previous:
        return "those from before serve on; ECS tries it a while yet and gives up"
    return "there is nothing to go back to"


def _came_back(rollout: Rollout, way: Rollout) -> None:
    rollout.snapshot = way.snapshot
    if way.outcome is None:
        return
    previous = short(rollout.watched.previous)
    if way.outcome.verdict is Verdict.DEPLOYED:
        rollout.end(Verdict.ROLLED_BACK, f"its tasks kept ending; back at {previous}")
    else:
        why = f"its tasks kept ending, and the way back to {previous} failed too"
        rollout.end(Verdict.FAILED, f"{why}: {way.outcome.reason}")


def _settle(rollout: Rollout, decision: Decision) -> None:
    if decision.verdict is not None:
        rollout.end(decision.verdict, decision.reason)
