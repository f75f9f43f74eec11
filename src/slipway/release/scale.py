"""Changing how many tasks a service runs, and seeing that they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from slipway import names, signals
from slipway.aws import Aws, calls
from slipway.config import Service, Settings
from slipway.errors import Interrupted
from slipway.model import Verdict
from slipway.release import deploy, standing
from slipway.release.progress import Options, Progress
from slipway.release.restart import absent, serving_release
from slipway.release.world import Site
from slipway.rollout import begin, early, observe, once, rolling, scaling, view
from slipway.rollout.decide import Snapshot, Watched
from slipway.rollout.diagnose import diagnose_for
from slipway.rollout.model import Outcome, Rollout, Target
from slipway.rollout.scaling import Bounds
from slipway.rollout.watch import POLL


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for: tasks, and bounds where they were given."""

    to: int
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """From what a service has to what it gets; bounds are None where scaling is off."""

    service: Service
    target: Target
    now: Snapshot
    to: int
    bounds_now: Bounds | None
    bounds: Bounds | None

    @property
    def done(self) -> bool:
        """Whether there is nothing to do, and nothing to wait for."""
        primary = self.now.primary
        arrived = primary and scaling.arrived(self.now, primary.id, self.to).verdict
        return arrived is Verdict.DEPLOYED and self.bounds == self.bounds_now

    @property
    def warnings(self) -> Iterator[str]:
        """What the user should know of how long this lasts."""
        name, fewest = self.service.name, self.service.scale.min
        if self.to == 0:
            yield f"{name} will serve nobody: without tasks its load balancer answers 503"
            if fewest:
                yield f"the next deploy of {name} gives it {fewest} again (scale.min)"
        if self.bounds and self.bounds.least < self.bounds.most:
            yield f"scaling goes on from {self.bounds}; --min and --max hold it elsewhere"
        if self.bounds and (self.bounds.least, self.bounds.most) != declared(self.service):
            yield (
                f"service.toml says {fewest} to {self.service.scale.max}: the next Terraform run "
                f"of {name} brings these bounds back"
            )


def declared(service: Service) -> tuple[int, int]:
    """The bounds that Terraform gives to a service."""
    return service.scale.min, service.scale.max


def scale(site: Site, asked: Asked, options: Options) -> tuple[Plan, Outcome]:
    """Scale the one service of `site` under its lease, and watch until the tasks are there."""
    progress = Progress(options=options)
    with deploy.held(site, options) as leases:
        with deploy.phase(site, progress, "what runs", leases):
            plan = planned(site, asked)
        for line in plan.warnings:
            site.console.warn(line)
        if plan.done:
            return plan, Outcome(verdict=Verdict.UNCHANGED)
        with deploy.phase(site, progress, "scaling", leases), calls(f"scaling {plan.target.name}"):
            begin_scaling(site.aws, plan)
            return plan, follow(site, plan)


def planned(site: Site, asked: Asked) -> Plan:
    """What there is and what is to be. Raises where that can't be, before anything changes."""
    (service,) = site.settings.services.values()
    with calls(f"looking at {service.name}"):
        name = names.service(site.settings, service.name)
        cluster = names.cluster(site.settings)
        now = observe.snapshots(site.aws.ecs, cluster, [name])[name]
        target = target_of(site, service, now)
        demand_still(site.aws, target, now)
        bounds = bounds_of(site.aws, site.settings, service.name)
    return Plan(
        service=service,
        target=replace(target, desired=asked.to),
        now=now,
        to=asked.to,
        bounds_now=bounds,
        bounds=scaling.bounds(bounds, asked.to, asked.least, asked.most),
    )


def target_of(site: Site, service: Service, now: Snapshot) -> Target:
    """What is scaled. Raises `DeployError` where it does not run, or nobody knows what it runs."""
    if now.status != "ACTIVE" or now.primary is None:
        raise absent(site, service)
    of = serving_release(site, service, now.primary.task_definition)
    progress = Progress(options=Options())
    standing.demand(site, progress, service, of)
    return deploy.target(site, progress, service)


def demand_still(aws: Aws, target: Target, now: Snapshot) -> None:
    """Raise `LockedError` while a rollout is under way: it has its own idea of how many."""
    if target.strategy == "rolling":
        rolling.demand_still(target, now)
        return
    _, running = begin.seen(aws, target)
    if running:
        raise begin.taken(target, running)


def bounds_of(aws: Aws, settings: Settings, service: str) -> Bounds | None:
    """The bounds of a service's scaling; None where it is off."""
    found = aws.autoscaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[resource(settings, service)]
    )["ScalableTargets"]
    return read_bounds(found[0]) if found else None


def read_bounds(raw: Any) -> Bounds:
    """`Bounds` of what DescribeScalableTargets answers of one; pure."""
    parts = sorted(name for name, off in raw.get("SuspendedState", {}).items() if off)
    return Bounds(least=raw["MinCapacity"], most=raw["MaxCapacity"], suspended=tuple(parts))


def resource(settings: Settings, service: str) -> str:
    """How Application Auto Scaling calls a service."""
    return f"service/{names.cluster(settings)}/{names.service(settings, service)}"


def begin_scaling(aws: Aws, plan: Plan) -> None:
    """Bounds first: scaling must not take back what lies outside of them."""
    if plan.bounds and plan.bounds != plan.bounds_now:
        aws.autoscaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{plan.target.cluster}/{plan.target.service}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=plan.bounds.least,
            MaxCapacity=plan.bounds.most,
        )
    if plan.now.desired != plan.to:
        once.scale(aws, plan.target)


def follow(site: Site, plan: Plan) -> Outcome:
    """Watch until as many tasks run as were asked for, or it is plain that they won't."""
    primary, aws = plan.now.primary, site.aws
    assert primary
    watched = Watched(deployment_id=primary.id, task_definition=primary.task_definition)
    rollout = Rollout(target=plan.target, watched=watched)
    before = stopped(aws, plan.target)
    shown, delay = view.make_view(site.console), POLL[0]
    try:
        while rollout.outcome is None:
            look(aws, rollout, before)
            shown.show({plan.target.name: rollout.snapshot} if rollout.snapshot else {})
            if rollout.outcome is None:
                signals.sleep(delay)
            delay = min(delay * 1.25, POLL[1])
    except Interrupted as error:
        told = f"{plan.service.name}: {plan.to} tasks are wanted now, and ECS goes on by itself"
        raise Interrupted(
            told, next_step="the same command again watches it", signal=error.signal
        ) from error
    finally:
        shown.close()
    return rollout.outcome


def look(aws: Aws, rollout: Rollout, before: frozenset[str]) -> None:
    """One look, settling the outcome; tasks that had stopped `before` tell nothing."""
    target, name = rollout.target, rollout.target.service
    now = observe.snapshots(aws.ecs, target.cluster, [name])[name]
    rollout.snapshot, watched = now, rollout.watched
    decision = scaling.arrived(now, watched.deployment_id, target.desired)
    ids = sorted(stopped(aws, target) - before)
    if decision.verdict:
        rollout.end(decision.verdict, decision.reason)
    elif ids and early.hopeless(
        early.ours(aws, rollout, watched.deployment_id, ids), target.desired
    ):
        arn = watched.task_definition
        found = observe.evidence(aws, target.cluster, now, watched.deployment_id, arn)
        rollout.cause = diagnose_for(target, found)
        rollout.end(Verdict.FAILED, "its new tasks keep ending; those from before serve on")
    elif rollout.overdue:
        reason = f"{now.running} of {target.desired} tasks run after {target.timeout} s"
        rollout.end(Verdict.TIMED_OUT, reason)


def stopped(aws: Aws, target: Target) -> frozenset[str]:
    """The tasks of a service that have ended and that ECS still knows."""
    return frozenset(observe.stopped_ids(aws.ecs, target.cluster, target.service))
