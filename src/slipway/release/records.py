"""Writing every service's release into the ledger: before its first change, and at its end."""

from __future__ import annotations

import secrets as randomness
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from slipway import names, secrets
from slipway.aws import calls
from slipway.config import Service
from slipway.model import Verdict
from slipway.release import lease, ledger, retention
from slipway.release.ledger import Release
from slipway.release.progress import Progress
from slipway.release.world import Site
from slipway.rollout.model import Outcome

UNVERIFIED = "stopped before it was verified; its revision serves"
VERIFIED_LATER = "this revision was serving already, and is verified now"


def begin(site: Site, progress: Progress, leases: Sequence[lease.Lease]) -> None:
    """Write a release for every service, open as yet; the lease's token tells it from others."""
    tokens = {each.service: each.token for each in leases}
    bucket = names.state_bucket(site.settings)
    with calls("recording the release"):
        for service in site.settings.services.values():
            if service.name not in progress.images:
                continue  # it has no image, and nothing of it will change
            release = opened(site, progress, service, tokens.get(service.name, 0))
            ledger.record(site.aws.s3, bucket, release)
            progress.records[service.name] = release


def opened(site: Site, progress: Progress, service: Service, token: int) -> Release:
    """The release of one service as it is before anything changes."""
    built, options = progress.images[service.name], progress.options
    return Release(
        id=release_id(progress.began),
        environment=site.settings.environment.name,
        service=service.name,
        verdict=ledger.OPEN,
        reason="",
        image=str(built.ref),
        version=built.ref.tag,
        task_definition="",
        previous="",
        template="",
        commit=built.commit,
        dirty=built.dirty,
        actor=lease.whoami(),
        link=lease.ci_link(),
        began=iso(progress.began),
        ended="",
        kind=options.kind,
        origin=options.origins.get(service.name, ""),
        token=token,
        strategy=service.strategy,
        configuration=configuration(service),
    )


def note(site: Site, progress: Progress) -> None:
    """Write down which rollouts were started: what `reconcile` and `--resume` look for.

    Done at every look: a deployment may have to wait for another one before it gets its id.
    """
    bucket = names.state_bucket(site.settings)
    with calls("recording the release"):
        for name, rollout in progress.rollouts.items():
            before = progress.records.get(name)
            if before is None or rollout.outcome:
                continue
            progress.records[name] = started(site, progress, name)
            if progress.records[name] != before:
                ledger.record(site.aws.s3, bucket, progress.records[name])


def started(site: Site, progress: Progress, name: str) -> Release:
    """The release of service `name` with the rollout that was started for it."""
    watched, release = progress.rollouts[name].watched, known(site, progress, name)
    return replace(
        release,
        task_definition=watched.task_definition,
        previous=release.previous or watched.previous,
        deployment=watched.deployment_id,
    )


def known(site: Site, progress: Progress, name: str) -> Release:
    """The release of service `name` with what its infrastructure is by now."""
    release, stack = progress.records[name], progress.stacks.get(name)
    if stack is None:
        return release
    return replace(
        release,
        template=str(stack.outputs.get("task_definition_arn", "")),
        serials={label: each.serial for label, each in progress.stacks.items()},
        secrets=release.secrets or secrets.versions(site.aws, site.settings, name),
    )


def end(site: Site, progress: Progress) -> None:
    """Complete every open release, the good and the bad alike; no change is no release.

    A problem of the ledger is told, and hides neither verdict nor error: the release stays open,
    and the next command settles it.
    """
    for name in progress.records:
        try:
            with calls(f"recording the release of {name}"):
                complete(site, progress, name)
        except Exception as error:
            site.console.warn(str(error))


def complete(site: Site, progress: Progress, name: str) -> None:
    """Complete the release of one service, unless somebody else has settled it by now."""
    s3, bucket, release = site.aws.s3, names.state_bucket(site.settings), progress.records[name]
    there = ledger.read(s3, bucket, release.environment, name, release.id)
    if there and there.token != release.token:
        site.console.warn(f"{name}: release {release.id} was settled by another deploy")
        return
    ended = closed(progress, name, known(site, progress, name))
    if ended.verdict == Verdict.UNCHANGED.label:
        if serves_verified(site, ended):
            ledger.forget(s3, bucket, release)
            return
        ended = replace(ended, verdict=Verdict.DEPLOYED.label, reason=VERIFIED_LATER)
    write(site, ended)


def serves_verified(site: Site, release: Release) -> bool:
    """Whether an earlier release of the same revision was verified."""
    bucket = names.state_bucket(site.settings)
    place = (bucket, release.environment, release.service)
    newest = ledger.verified(site.aws.s3, *place, most=1)
    return any(each.task_definition == release.task_definition for each in newest)


def closed(progress: Progress, name: str, release: Release) -> Release:
    """The release as it ended, or still open where its rollout goes on unseen; pure."""
    if name in progress.unsure:
        return replace(release, reason=progress.problem)
    rollout = progress.rollouts.get(name)
    settled = progress.settled.get(name) or broken_off(progress)
    outcome = rollout.outcome if rollout else settled
    if outcome is None:
        return replace(release, reason=progress.problem)
    release = with_outcome(release, outcome)
    smoke = progress.smoke.get(name, "")
    if outcome.verdict.good and not smoke:
        release = replace(release, verdict=Verdict.INTERRUPTED.label, reason=UNVERIFIED)
    return replace(release, smoke=smoke, ended=iso(time.time()), phases=dict(progress.phases))


def broken_off(progress: Progress) -> Outcome:
    """How a service's deploy ended that came to no rollout."""
    verdict = Verdict.INTERRUPTED if progress.stopped else Verdict.FAILED
    return Outcome(verdict=verdict, reason=f"nothing was rolled out: {progress.problem}")


def with_outcome(release: Release, outcome: Outcome) -> Release:
    """The release with what its rollout came to; pure."""
    return replace(
        release,
        verdict=outcome.verdict.label,
        reason=outcome.reason,
        task_definition=outcome.task_definition or release.task_definition,
        previous=release.previous or outcome.previous,
        deployment=outcome.deployment_id or release.deployment,
    )


def write(site: Site, release: Release) -> None:
    """Write a release; the image of a verified one is kept from before it is recorded."""
    bucket = names.state_bucket(site.settings)
    repository = names.repository(site.settings, release.service)
    if release.verified:
        tag = retention.release_tag(release.environment, release.id)
        retention.keep(site.ecr, repository, release.digest, tag)
    ledger.record(site.aws.s3, bucket, release)
    if release.verified:
        place = (bucket, release.environment, release.service)
        kept = ledger.verified(site.aws.s3, *place, most=retention.KEPT)
        ids = {each.id for each in kept}
        retention.let_go(site.ecr, repository, release.environment, ids)


def configuration(service: Service) -> Mapping[str, Any]:
    """The manifest in force, as the ledger keeps it."""
    kept: dict[str, Any] = asdict(service)
    del kept["folder"]
    return kept


def release_id(began: float) -> str:
    """Sorts by time and is unique: `20261120T105500Z-3fa9c1`."""
    moment = datetime.fromtimestamp(began, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{randomness.token_hex(3)}"


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
