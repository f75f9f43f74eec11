"""Blue/green, canary and linear rollouts by CodeDeploy: one deployment, watched to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway.aws import Aws, calls
from slipway.model import Verdict
from slipway.rollout import begin, deployments, following, observe, shifting, taskdef
from slipway.rollout.cause import Cause
from slipway.rollout.decide import Decision, Snapshot, Watched
from slipway.rollout.decide import decide as decide_first
from slipway.rollout.diagnose import diagnose_for
from slipway.rollout.model import Rollout, Target
from slipway.rollout.shifting import Plan, Shift


def start(aws: Aws, target: Target) -> Rollout:
    """Register the revision and begin a deployment, once; or find that there is nothing to do."""
    with calls(f"rolling out {target.name}"):
        service, running = begin.seen(aws, target)
        wanted = _wanted(aws, target)
        alike = _alike(aws, target, wanted, service, running)
        plan = shifting.forward(service, running, alike)
        if plan.action == "settle":
            return _serving(aws, target, service)
        if plan.action == "attach":
            assert running
            return _attached(target, service, running)
        if plan.action == "refuse":
            raise begin.taken(target, running)
        begin.give_tasks(aws, target, service)
        arn = aws.ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]
        previous = service.primary.task_definition if service.primary else ""
        watched = Watched(deployment_id="", task_definition=arn, previous=previous)
        rollout = Rollout(target=target, watched=watched, previous_port=service.port)
        begin.begin(aws, rollout, running, plan)
        return rollout


def look(aws: Aws, rollouts: Sequence[Rollout]) -> bool:
    """One batched look at all of them, settling outcomes; whether anything changed."""
    return following.look(aws, rollouts)


def back(aws: Aws, rollout: Rollout) -> Rollout:
    """Start the way back: within the standby by undoing the deployment, else by one of its own."""
    target = replace(rollout.target, port=rollout.previous_port or rollout.target.port)
    previous = rollout.watched.previous
    with calls(f"rolling {target.name} back"):
        service, running = begin.seen(aws, target)
        plan = shifting.backward(service, running, previous)
        if plan.action == "stop" and running and not deployments.stop(aws.codedeploy, running.id):
            # It ended between the look and the stop; what is true now decides.
            service, running = begin.seen(aws, target)
            plan = shifting.backward(service, running, previous)
        return _way_back(aws, replace(rollout, target=target), service, running, plan)


def restart(aws: Aws, target: Target) -> Rollout:
    """Begin a deployment of the revision that serves; a standby before it is ended."""
    with calls(f"restarting {target.name}"):
        service, running = begin.seen(aws, target)
        plan = shifting.forward(service, running, frozenset())
        if plan.action == "refuse":
            raise begin.taken(target, running)
        assert service.primary
        arn = service.primary.task_definition
        watched = Watched(deployment_id="", task_definition=arn, previous=arn)
        rollout = Rollout(target=target, watched=watched, previous_port=service.port)
        begin.begin(aws, rollout, running, plan)
        return rollout


def explain(aws: Aws, rollout: Rollout) -> Cause | None:
    """The cause of a rollout that did not end well; what was found before its end comes first."""
    if rollout.cause or rollout.snapshot is None:
        return rollout.cause
    target, snapshot, shift = rollout.target, rollout.snapshot, rollout.memory.shift
    green = following.green(snapshot, rollout)
    with calls(f"looking for the cause of {target.name}'s failure"):
        found = observe.evidence(
            aws,
            target.cluster,
            snapshot,
            green.id if green else "",
            rollout.watched.task_definition,
        )
    if shift:
        failed = next((name for name, state in shift.events if state == "Failed"), "")
        found = replace(found, code=shift.code, message=shift.message, event=failed)
    return diagnose_for(target, found)


def differs(aws: Aws, target: Target) -> bool:
    """Whether `start` would roll something out; True for a service that was made just now."""
    with calls(f"looking at {target.name}"):
        service, running = begin.seen(aws, target)
        alike = _alike(aws, target, _wanted(aws, target), service, running)
        same = shifting.forward(service, running, alike).action == "settle"
        return target.created or not same or service.desired == 0 < target.desired


def _wanted(aws: Aws, target: Target) -> dict[str, Any]:
    template, tags = observe.task_definition(aws.ecs, target.template)
    return taskdef.next_revision(template, tags, target.image)


def _alike(
    aws: Aws, target: Target, wanted: Mapping[str, Any], service: Snapshot, running: Shift | None
) -> frozenset[str]:
    """Which revisions, of those that run or are rolled out, have the wanted content and network."""
    moved = {
        each.task_definition
        for each in service.deployments
        if target.network and each.network and each.network != target.network
    }
    candidates = {each.task_definition for each in service.deployments}
    candidates |= {running.task_definition} if running and running.task_definition else set()
    return frozenset(
        arn
        for arn in candidates - moved
        if taskdef.same(observe.task_definition(aws.ecs, arn)[0], wanted)
    )


def _serving(aws: Aws, target: Target, service: Snapshot) -> Rollout:
    """The wanted revision is the primary one: it may still have to come up."""
    primary = service.primary
    assert primary
    watched = Watched(deployment_id=primary.id, task_definition=primary.task_definition)
    rollout = Rollout(target=target, watched=watched, snapshot=service)
    decision = decide_first(service, watched)
    if begin.give_tasks(aws, target, service):
        return rollout
    if decision.verdict is Verdict.DEPLOYED and not target.created:
        decision = Decision(verdict=Verdict.UNCHANGED, reason="this revision is serving already")
    following.settle(rollout, decision)
    return rollout


def _attached(target: Target, service: Snapshot, running: Shift) -> Rollout:
    """Watch a deployment of the same content that is under way, whoever began it."""
    green = next((each for each in service.deployments if each.source == running.id), None)
    watched = Watched(
        deployment_id=running.id,
        task_definition=green.task_definition if green else running.task_definition,
        previous=shifting.origin(service, running),
    )
    return Rollout(target=target, watched=watched, previous_port=service.port)


def _way_back(
    aws: Aws, rollout: Rollout, service: Snapshot, running: Shift | None, plan: Plan
) -> Rollout:
    target, previous = rollout.target, rollout.watched.previous
    if plan.action == "refuse":
        raise begin.taken(target, running)
    identifier = (running.undoes or running.id) if running else ""
    watched = Watched(
        deployment_id=identifier,
        task_definition=previous,
        previous=previous,
        returning=plan.action in ("stop", "follow"),
    )
    made = Rollout(target=target, watched=watched, snapshot=service)
    if plan.action == "settle":
        made.end(Verdict.DEPLOYED, "it serves already")
    if plan.action == "create":
        # Its own "before" is what we leave: if it fails, that is where CodeDeploy goes back to.
        leaves = service.primary.task_definition if service.primary else ""
        made.watched = replace(watched, deployment_id="", previous=leaves)
        begin.begin(aws, made, running, plan)
    return made
