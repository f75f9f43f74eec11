"""Writing every service's release into the ledger."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.model import ImageRef, Verdict
from slipway.release import lease, ledger, retention
from slipway.release.progress import Progress
from slipway.release.world import World


def write(world: World, progress: Progress) -> None:
    """Record what became of every service, the good and the bad alike; no change is no release."""
    with calls("recording the release"):
        for service in filter(progress.released, world.settings.services.values()):
            write_one(world, release(world, progress, service), progress.images[service.name].ref)


def write_one(world: World, document: ledger.Release, image: ImageRef) -> None:
    """Record one release; the image of a verified one is kept from before it is recorded."""
    bucket, ecr = names.state_bucket(world.settings), world.ecr
    repository = names.repository(world.settings, document.service)
    good = document.verdict == Verdict.DEPLOYED.label
    if good:
        tag = retention.release_tag(document.environment, document.id)
        retention.keep(ecr, repository, image.digest, tag)
    ledger.record(world.aws.s3, bucket, document)
    if good:
        place = (bucket, document.environment, document.service)
        kept = ledger.verified(world.aws.s3, *place, most=retention.KEPT)
        ids = {str(each["id"]) for each in kept}
        retention.let_go(ecr, repository, document.environment, ids)


def release(world: World, progress: Progress, service: Service) -> ledger.Release:
    """The document about one service."""
    outcome, built = progress.outcome(service.name), progress.images[service.name]
    return ledger.Release(
        id=release_id(progress.began),
        environment=world.settings.environment.name,
        service=service.name,
        verdict=outcome.verdict.label,
        reason=outcome.reason,
        image=str(built.ref),
        version=built.ref.tag,
        task_definition=outcome.task_definition,
        previous=outcome.previous,
        template=progress.stacks[service.name].outputs["task_definition_arn"],
        commit=built.commit,
        dirty=built.dirty,
        actor=lease.whoami(),
        link=lease.ci_link(),
        began=iso(progress.began),
        ended=iso(time.time()),
        phases=progress.phases,
    )


def release_id(began: float) -> str:
    """Sorts by time and is unique: `20261120T105500Z-3fa9c1`."""
    moment = datetime.fromtimestamp(began, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{secrets.token_hex(3)}"


def iso(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
