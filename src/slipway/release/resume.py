"""Attaching to a rollout that a deploy left behind: killed, detached, or out of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.release import deploy, lease, ledger, proof, standing
from slipway.release.holder import TERM
from slipway.release.ledger import Release
from slipway.release.progress import Options, Progress
from slipway.release.serving import serving
from slipway.release.world import Site
from slipway.rollout import strategy
from slipway.rollout.model import Rollout

LEFT = {ledger.OPEN, Verdict.INTERRUPTED.label, Verdict.TIMED_OUT.label}
"""Verdicts of releases whose rollout may still be under way."""


def resume(site: Site, options: Options) -> Progress:
    """Watch and verify the rollouts that were left, and complete their releases.

    Waits until the lease of a deploy that was killed on another machine has run out. Raises
    `DeployError` where nothing was left.
    """
    patient = replace(options, wait=max(options.wait, round(TERM) + 5))
    progress = Progress(options=options)
    with deploy.held(site, patient) as leases:
        with deploy.phase(site, progress, "looking for what was left", leases):
            attach(site, progress, leases)
        watch = deploy.watching(site)
        with deploy.recording(site, progress):
            with deploy.phase(site, progress, "rollout", leases):
                deploy.follow(site, progress)
            with deploy.phase(site, progress, "verification", leases):
                proof.verify_all(site, progress, watch)
            with deploy.phase(site, progress, "bake time", leases):
                proof.bake_all(site, progress, watch)
            deploy.point_schedules(site, progress)
    return progress


def attach(site: Site, progress: Progress, leases: Sequence[lease.Lease]) -> None:
    """Find what was left of the chosen services, and open its releases again, as ours."""
    tokens = {each.service: each.token for each in leases}
    newest = {service.name: last(site, service) for service in site.settings.services.values()}
    for name, left in newest.items():
        if left is None or not resumable(left):
            continue
        release, rollout = under_way(site, progress, left)
        if rollout:
            progress.rollouts[name] = rollout
            progress.records[name] = reopened(release, tokens[name])
            ledger.record(site.aws.s3, names.state_bucket(site.settings), progress.records[name])
            site.console.detail(f"{name}: release {release.id} of {release.actor}")
    if not progress.rollouts:
        raise nothing(site, newest)
    # Only these are watched, verified and reported.
    chosen = {name: site.settings.services[name] for name in progress.rollouts}
    site.settings = replace(site.settings, services=chosen)


def under_way(site: Site, progress: Progress, release: Release) -> tuple[Release, Rollout | None]:
    """A release and its rollout, looked at; none where it came to none, or to an end known."""
    service = site.settings.services[release.service]
    standing.demand(site, progress, service, release)
    target = deploy.target(site, progress, service)
    with calls(f"looking at the rollout of {service.name}"):
        here = serving(site.aws, target.cluster, target.service)
        release = standing.noted(site.aws, target, release, here)
        if not release.deployment:
            return release, None
        rollout = standing.rollout_of(target, release)
        strategy.of(target).look(site.aws, [rollout])
    ended_badly = rollout.outcome is not None and not rollout.outcome.verdict.good
    rollout.hands_off = False
    return release, None if ended_badly and not release.open else rollout


def last(site: Site, service: Service) -> Release | None:
    """The newest release of a service."""
    bucket, environment = names.state_bucket(site.settings), site.settings.environment.name
    with calls(f"looking at the releases of {service.name}"):
        return next(ledger.releases(site.aws.s3, bucket, environment, service.name), None)


def resumable(release: Release) -> bool:
    """Whether a rollout of it may have been started and not seen to its end; pure."""
    return release.verdict in LEFT and (release.open or bool(release.deployment))


def reopened(release: Release, token: int) -> Release:
    """The release as one that is under way again, under our lease; pure."""
    return replace(release, verdict=ledger.OPEN, reason="", ended="", token=token)


def nothing(site: Site, newest: dict[str, Release | None]) -> DeployError:
    """The error where no rollout was left."""
    environment = site.settings.environment.name
    lines = [
        f"{name}: " + (f"release {each.id} ended {each.verdict}" if each else "no release yet")
        for name, each in newest.items()
    ]
    return DeployError(
        "\n".join([f"no rollout was left in {environment}:", *lines]),
        next_step=f"uv run invoke deploy --env={environment}",
    )
