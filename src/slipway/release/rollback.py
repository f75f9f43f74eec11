"""Going back to a release that served, and seeing that it serves again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from slipway import names, signals
from slipway.aws import calls
from slipway.config import Service, Smoke
from slipway.errors import DeployError
from slipway.release import deploy, ledger, proof, recover, standing, wayback
from slipway.release.announce import announced
from slipway.release.ledger import Release
from slipway.release.progress import Options, Progress
from slipway.release.serving import Serving, serving
from slipway.release.world import Site
from slipway.rollout import observe, strategy
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout

OBJECTIVE = 300
"""Seconds that a way back may take: the recovery time objective."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """From what serves now to which release."""

    service: Service
    here: Serving
    to: Release

    @property
    def needed(self) -> bool:
        return self.to.task_definition != self.here.task_definition


def rollback(site: Site, options: Options, to: str = "") -> tuple[Plan, Progress]:
    """Take the one service of `site` back, under its lease; `to` names a release by its id."""
    progress = Progress(options=options)
    with deploy.held(site, options) as leases:
        deploy.take_over(site, leases)
        with deploy.phase(site, progress, "way back", leases):
            plan = proven(site, to)
        if not plan.needed:
            return plan, progress
        progress.options = replace(options, kind="rollback", origins=origins(plan.to))
        standing.demand(site, progress, plan.service, plan.to)
        progress.chosen = (plan.service.name,)
        with announced(site, progress), deploy.recorded(site, progress, leases):
            with deploy.phase(site, progress, "rollback", leases):
                go(site, progress, plan)
            with deploy.phase(site, progress, "verification", leases):
                see(site, progress, plan)
    return plan, progress


def proven(site: Site, to: str = "") -> Plan:
    """Where to go back to. Raises `DeployError` where that can't be, before anything changes."""
    (service,) = site.settings.services.values()
    with calls(f"looking for the way back of {service.name}"):
        plan = planned(site, service, to)
        obstacles = wayback.obstacles(site, plan.to) if plan.needed else []
    if obstacles:
        raise DeployError(
            "\n".join([f"{service.name} can't go back; nothing was changed:", *obstacles]),
            next_step=f"choose another release with --to; {listed(site, service)} lists them",
        )
    return plan


def planned(site: Site, service: Service, to: str) -> Plan:
    """What serves, and the release to go back to."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    place = (site.aws.s3, bucket, environment, service.name)
    cluster = names.cluster(site.settings)
    here = serving(site.aws, cluster, names.service(site.settings, service.name))
    if here is None:
        raise DeployError(
            f"{service.name} does not run in {environment}, so there is nothing to go back from",
            next_step=f"uv run invoke deploy --env={environment} --service={service.name}",
        )
    wanted = ledger.find(*place, to) if to else None
    chosen = demanded(wanted) if wanted else before(ledger.releases(*place), here.task_definition)
    if chosen is None:
        raise DeployError(
            f"{service.name} has no verified release in {environment} before the one that serves",
            next_step=listed(site, service),
        )
    return Plan(service=service, here=here, to=chosen)


def before(releases: Iterable[Release], task_definition: str) -> Release | None:
    """The last verified release before the one that serves; pure, `releases` are newest first.

    Of a service that went back already, what it went back to counts by its first release: going
    back once more goes further, never forth again to what was left.
    """
    verified = [each for each in releases if each.verified]
    now = next((each for each in verified if each.task_definition == task_definition), None)
    others = (each for each in verified if each.task_definition != task_definition)
    return next((each for each in others if now is None or each.id < first(now)), None)


def first(release: Release) -> str:
    """The id of the release that first brought what `release` brought."""
    return release.origin if release.kind == "rollback" and release.origin else release.id


def demanded(release: Release) -> Release:
    """The release that was asked for. Raises `DeployError` for one that never served verified."""
    if release.verified:
        return release
    raise DeployError(
        f"release {release.id} of {release.service} ended {release.verdict}: {release.reason}; "
        "only what served and was verified can be gone back to",
        next_step=f"uv run invoke history --env={release.environment} --service={release.service}",
    )


def origins(release: Release) -> dict[str, str]:
    """What the ledger says of a way back to `release`."""
    return {release.service: first(release)}


def go(site: Site, progress: Progress, plan: Plan) -> None:
    """Start the way back by the service's strategy, and watch it to its end."""
    name, target = plan.service.name, deploy.target(site, progress, plan.service)
    record = progress.records[name]
    progress.records[name] = replace(
        record, configuration=plan.to.configuration, previous=plan.here.task_definition
    )
    now = Watched(
        deployment_id=plan.here.deployment,
        task_definition=plan.here.task_definition,
        previous=plan.to.task_definition,
    )
    rollout = Rollout(target=target, watched=now, previous_port=port(site, plan.to))
    with signals.deferred():
        progress.rollouts[name] = strategy.of(target).back(site.aws, rollout)
    deploy.follow(site, progress)


def port(site: Site, release: Release) -> int:
    """The port that the revision of `release` listens on, 0 if it tells none."""
    with calls(f"looking at release {release.id}"):
        definition, _ = observe.task_definition(site.aws.ecs, release.task_definition)
    ports = observe.app_of(definition).get("portMappings", [])
    return int(ports[0]["containerPort"]) if ports else 0


def see(site: Site, progress: Progress, plan: Plan) -> None:
    """Ask the service; what does not serve now is not taken anywhere, only told."""
    service = as_released(plan.service, plan.to)
    rollout = progress.rollouts[service.name]
    if rollout.outcome is None or not rollout.outcome.verdict.good:
        return
    problem = proof.check(progress, service)
    if not problem:
        progress.smoke[service.name] = "passed" if service.smoke else "none"
        deploy.point_schedules(site, progress)
        return
    recover.unwell(site.aws, rollout, problem)


def as_released(service: Service, release: Release) -> Service:
    """The service with what its manifest said then of asking it: today's tests are of today; pure.

    Releases of the first format do not tell: those are asked for their health alone.
    """
    then = release.configuration
    path = then.get("health", {}).get("path", service.health.path)
    smoke = tuple(Smoke(**each) for each in then.get("smoke", ()))
    return replace(service, health=replace(service.health, path=path), smoke=smoke)


def seconds(progress: Progress) -> float:
    """How long it took from the command to the verdict."""
    return round(time.time() - progress.began, 1)


def listed(site: Site, service: Service) -> str:
    """The command that lists the releases."""
    return f"uv run invoke history --env={site.settings.environment.name} --service={service.name}"
