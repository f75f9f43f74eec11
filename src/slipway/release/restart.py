"""Restarting services: new tasks of the revision that serves, which read secrets anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.errors import DeployError
from slipway.release import deploy, ledger, proof, recover, rollback, standing
from slipway.release.announce import announced
from slipway.release.ledger import Release
from slipway.release.parallel import each_alone, side_by_side
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from slipway.rollout import observe, strategy
from slipway.rollout.decide import Snapshot


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One service, how many tasks are replaced, and the release that brought what they run."""

    service: Service
    tasks: int
    of: Release


def restart(site: Site, options: Options) -> Progress:
    """Replace all tasks of the site's services by new ones, under their leases, and verify them."""
    progress = Progress(options=options)
    with deploy.held(site, options) as leases:
        deploy.take_over(site, leases)
        with deploy.phase(site, progress, "what serves", leases):
            plans = planned(site)
            for plan in plans:
                standing.demand(site, progress, plan.service, plan.of)
        origins = {plan.service.name: rollback.first(plan.of) for plan in plans}
        progress.options = replace(options, kind="restart", origins=origins)
        progress.chosen = tuple(origins)
        with announced(site, progress), deploy.recorded(site, progress, leases):
            note(progress, plans)
            with deploy.phase(site, progress, "restart", leases):
                deploy.roll_out(site, progress, begin=strategy.restart)
            with deploy.phase(site, progress, "verification", leases):
                verify(site, progress, plans)
    return progress


def planned(site: Site) -> list[Plan]:
    """What each service would be restarted with. Raises `DeployError` where one can't be."""
    services, cluster = site.settings.services.values(), names.cluster(site.settings)
    wanted = [names.service(site.settings, each.name) for each in services]
    with calls("looking at what serves"):
        seen = observe.snapshots(site.aws.ecs, cluster, wanted)
        jobs = {
            each.name: partial(plan, site, each, seen[names.service(site.settings, each.name)])
            for each in services
        }
        found, errors = each_alone(jobs)
    if errors:
        steps = dict.fromkeys(each.next_step for each in errors.values())
        raise DeployError(
            "\n".join(["nothing was restarted:", *(each.message for each in errors.values())]),
            next_step="\n  ".join(steps),
        )
    return list(found.values())


def plan(site: Site, service: Service, seen: Snapshot) -> Plan:
    """The plan for one service that was seen."""
    environment = site.settings.environment.name
    if seen.status != "ACTIVE" or seen.primary is None:
        raise absent(site, service)
    if seen.desired == 0:
        flags = f"--env={environment} --service={service.name}"
        raise DeployError(
            f"{service.name} has no tasks in {environment}, so there is nothing to restart",
            next_step=f"uv run invoke scale {flags} --to={max(service.scale.min, 1)}",
        )
    of = serving_release(site, service, seen.primary.task_definition)
    return Plan(service=service, tasks=seen.desired, of=of)


def absent(site: Site, service: Service, what: str = "does not run") -> DeployError:
    """The error for a service that has to be deployed first, or that only ever runs jobs."""
    flags = f"--env={site.settings.environment.name} --service={service.name}"
    if service.kind == "job":
        return DeployError(
            f"{service.name} has no tasks that stay: each run of a job begins with new ones",
            next_step=f"uv run invoke jobs.run {flags} --job={next(iter(service.jobs))}",
        )
    return DeployError(
        f"{service.name} {what} in {site.settings.environment.name}",
        next_step=f"uv run invoke deploy {flags}",
    )


def serving_release(site: Site, service: Service, task_definition: str) -> Release:
    """The release that brought the revision which serves. Raises `DeployError` without one."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    releases = ledger.releases(site.aws.s3, bucket, environment, service.name)
    found = brought(releases, task_definition)
    if found is None:
        raise absent(site, service, f"serves {task_definition}, which no release brought,")
    return found


def brought(releases: Iterable[Release], task_definition: str) -> Release | None:
    """The newest release that brought a revision, a verified one before others; pure."""
    found = [
        each
        for each in releases
        if each.task_definition == task_definition and each.kind != "restart"
    ]
    return next((each for each in found if each.verified), found[0] if found else None)


def note(progress: Progress, plans: Iterable[Plan]) -> None:
    """Have the records say what runs, not what the manifests say by now."""
    for plan in plans:
        record = progress.records[plan.service.name]
        progress.records[plan.service.name] = replace(
            record, configuration=plan.of.configuration, previous=plan.of.task_definition
        )


def verify(site: Site, progress: Progress, plans: Iterable[Plan]) -> None:
    """Ask every service that came up; of one that answers wrong there is nothing to go back to."""
    good = {
        each.service.name: rollback.as_released(each.service, each.of)
        for each in plans
        if progress.outcome(each.service.name).verdict.good
    }
    asked = {name: partial(proof.check, progress, service) for name, service in good.items()}
    for name, problem in side_by_side(asked).items():
        if problem:
            recover.unwell(site.aws, progress.rollouts[name], problem)
        else:
            progress.smoke[name] = "passed" if good[name].smoke else "none"
