"""What stands in an environment already, as the last apply left it; no Terraform, no build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from slipway.aws import Aws, calls
from slipway.config import Service
from slipway.errors import DeployError
from slipway.infra import applied
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import PlanSummary
from slipway.infra.stacks import Stack, platform_stack, service_stack
from slipway.model import ImageRef
from slipway.release.ledger import Release
from slipway.release.progress import Progress
from slipway.release.serving import Serving, revision
from slipway.release.world import Built, Site
from slipway.rollout import begin
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout, Target

MakeTarget = Callable[[Progress, Service], Target]
"""`release.deploy.target` in some world."""


def known(site: Site, progress: Progress, service: Service, release: Release) -> bool:
    """Fill in the image of `release` and the stacks it stands on; whether they are there."""
    stacks = {
        "platform": platform_stack(site.settings, site.checkout),
        service.name: service_stack(site.settings, service, release.image, site.checkout),
    }
    with calls(f"looking at {service.name}"):
        found = {name: outcome(site, stack) for name, stack in stacks.items()}
    there = {name: each for name, each in found.items() if each}
    progress.images[service.name] = built(release)
    progress.stacks |= there
    return len(there) == len(stacks)


def outcome(site: Site, stack: Stack) -> StackOutcome | None:
    """What the last apply of a stack left, if one succeeded."""
    record = applied.read(stack, site.aws)
    if record is None or not record.outputs:
        return None
    return StackOutcome(
        changed=False,
        skipped=True,
        summary=PlanSummary(),
        outputs=record.outputs,
        serial=record.serial,
    )


def demand(site: Site, progress: Progress, service: Service, release: Release) -> None:
    """As `known`. Raises `DeployError` where the service was never set up here."""
    if not known(site, progress, service, release):
        environment = site.settings.environment.name
        raise DeployError(
            f"{service.name} has no infrastructure in {environment}, or its last apply broke off",
            next_step=f"uv run invoke deploy --env={environment} --service={service.name}",
        )


def built(release: Release) -> Built:
    """The image of a release, as if it had been built now."""
    repository, _, digest = release.image.rpartition("@")
    ref = ImageRef(repository=repository, tag=release.version, digest=digest)
    return Built(ref=ref, commit=release.commit, dirty=release.dirty)


def noted(aws: Aws, target: Target, release: Release, here: Serving | None) -> Release:
    """`release` with the rollout that it began and had no time to note: known by its image.

    That has arrived, as `here` says, or CodeDeploy is at it.
    """
    if release.deployment or here is None:
        return release
    if here.newer(release):
        return replace(release, task_definition=here.task_definition, deployment=here.deployment)
    coming = shifting(aws, target)
    if coming is None or not coming.newer(release):
        return release
    return replace(
        release,
        task_definition=coming.task_definition,
        previous=release.previous or here.task_definition,
        deployment=coming.deployment,
    )


def shifting(aws: Aws, target: Target) -> Serving | None:
    """What a deployment of CodeDeploy that runs is about to bring, if there is one."""
    running = None if target.strategy in ("rolling", "jobs") else begin.seen(aws, target)[1]
    if running is None or not running.task_definition:
        return None
    return revision(aws, running.task_definition, running.id)


def rollout_of(target: Target, release: Release) -> Rollout:
    """The rollout that `release` noted, to be looked at; nothing is done to it."""
    watched = Watched(
        deployment_id=release.deployment,
        task_definition=release.task_definition,
        previous=release.previous,
    )
    since = datetime.fromisoformat(release.began).timestamp()
    return Rollout(target=target, watched=watched, hands_off=True, since=since)
