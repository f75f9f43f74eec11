"""What every environment that shares a registry needs of it, and of its own revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import Aws, at, calls
from slipway.clean.plan import Needs, of_releases, together
from slipway.config import Service, Settings
from slipway.infra import applied
from slipway.infra.stacks import service_stack
from slipway.release import ledger
from slipway.release.diff import leaves
from slipway.release.parallel import each_alone
from slipway.rollout import observe, taskdef

if TYPE_CHECKING:
    from slipway.paths import Checkout
    from slipway.release.world import Site

_IMAGE = f"unknown/unknown@sha256:{'0' * 64}"


@dataclass(frozen=True, kw_only=True)
class Home:
    """An environment and the way to it."""

    settings: Settings
    aws: Aws
    checkout: Checkout

    @property
    def name(self) -> str:
        return self.settings.environment.name


def sharing(site: Site) -> list[str]:
    """The environments whose images lie in the registry of this one, itself among them."""
    mine = site.settings.environment.registry
    found = site.settings.environments.values()
    return sorted(each.name for each in found if each.registry == mine)


def home(site: Site, environment: str) -> Home:
    """Another environment, reached with its own keys. Raises `AccessError` where that can't be."""
    other = site.settings.environments[environment]
    settings = replace(site.settings, environment=other)
    return Home(settings=settings, aws=at(site.aws, other), checkout=site.checkout)


def needed(site: Site) -> Needs:
    """What all of them need; of those that can't be asked, that nobody can tell."""
    jobs = {name: partial(_of, site, name) for name in sharing(site)}
    found, errors = each_alone(jobs)
    for name, error in errors.items():
        site.console.warn(f"{name} can't be asked what it needs, so all images stay: {error}")
    return together([*found.values(), Needs(unknown=tuple(errors))])


def _of(site: Site, environment: str) -> Needs:
    there = home(site, environment)
    with calls(f"asking {environment} what it needs"):
        jobs = {
            service.name: partial(_of_service, there, service)
            for service in site.settings.services.values()
        }
        found, errors = each_alone(jobs)
    for error in errors.values():
        raise error
    return together(found.values())


def _of_service(there: Home, service: Service) -> Needs:
    with calls(f"asking {there.name} what it needs of {service.name}"):
        bucket, aws = names.state_bucket(there.settings), there.aws
        try:
            releases = list(ledger.releases(aws.s3, bucket, there.name, service.name))
            record = applied.read(
                service_stack(there.settings, service, _IMAGE, there.checkout), aws
            )
        except aws.s3.exceptions.NoSuchBucket:
            return Needs()
        running = set(_running(there, service))
        needs = [of_releases(there.name, releases, running), *_at_work(there, running)]
    if record:
        needs.append(_template(there, record))
    return together(needs)


def _running(there: Home, service: Service) -> Iterator[str]:
    """The revisions of all deployments and task sets of a service, and of its running tasks."""
    cluster, name = names.cluster(there.settings), names.service(there.settings, service.name)
    ecs = there.aws.ecs
    try:
        seen = observe.snapshots(ecs, cluster, [name])[name]
    except ecs.exceptions.ClusterNotFoundException:
        return
    yield from (each.task_definition for each in seen.deployments)


def _at_work(there: Home, running: set[str]) -> Iterator[Needs]:
    for arn in running:
        definition, _ = observe.task_definition(there.aws.ecs, arn)
        digest = taskdef.image_of(definition).rpartition("@")[2]
        why = f"at work in {there.name}"
        yield Needs(images={digest: why}, revisions={arn: why})


def _template(there: Home, record: applied.Applied) -> Needs:
    why = f"Terraform's template in {there.name}"
    return Needs(
        images={record.image.rpartition("@")[2]: why},
        revisions={str(arn): why for _, arn in leaves(record.outputs) if _is_revision(arn)},
    )


def _is_revision(value: object) -> bool:
    return isinstance(value, str) and ":task-definition/" in value
