"""Destroying an environment: what there is, what stands in the way, and in which order it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import Aws, at, calls, error_code
from slipway.config.layers import defaults
from slipway.config.load import build
from slipway.config.manifest import Service
from slipway.errors import InfraError, UsageError
from slipway.infra import applied, holding, locks, snapshots, statestore
from slipway.infra.apply import Planned, Terraforming, apply_plan, planned, show
from slipway.infra.locks import Place
from slipway.infra.stacks import Stack, platform_stack, registry_stack, service_stack
from slipway.infra.statefile import State
from slipway.release import lease
from slipway.release.parallel import side_by_side
from slipway.runner import DryRunner
from slipway.sbom.attached import PREFIX as SBOM

if TYPE_CHECKING:
    from slipway.config import Environment, Settings
    from slipway.paths import Checkout

ORDER = ("service", "platform", "registry")
"""Each needs the next: services go first."""

Confirm = Callable[[Sequence[Planned]], None]

_NO_IMAGE = f"unknown/unknown@sha256:{'0' * 64}"
_ABSENT = frozenset({"ClusterNotFoundException", "RepositoryNotFoundException"})


@dataclass(frozen=True, kw_only=True)
class Doomed:
    """A stack that knows of something, and where its state lies."""

    where: Place
    state: State
    stack: Stack


def refuse(settings: Settings, *, registry: bool) -> None:
    """Raise `UsageError` where the environment, or its registry, is not to be destroyed."""
    environment = settings.environment
    if environment.protected:
        raise UsageError(
            f"{environment.name} is protected, and is not destroyed",
            next_step=f"if it really has to go: set protected = false in "
            f"[environments.{environment.name}] of slipway.toml, and deploy that first",
        )
    if registry and environment.registry != environment.name:
        raise UsageError(
            f"the registry of {environment.name} belongs to {environment.registry}",
            next_step=f"uv run invoke destroy --env={environment.name}, without --registry",
        )


def find(settings: Settings, checkout: Checkout, aws: Aws, *, registry: bool) -> list[Doomed]:
    """The stacks of the environment that know of anything, in the order in which they go."""
    found = []
    for where in _places(settings, settings.environment.name, aws):
        if where.stack not in ORDER or (where.stack == "registry" and not registry):
            continue
        state = statestore.current(where, aws)
        if state and not state.empty:
            stack = stack_of(where, settings, checkout, image=state.image)
            found.append(Doomed(where=where, state=state, stack=stack))
    return sorted(found, key=lambda each: ORDER.index(each.where.stack))


def stack_of(where: Place, settings: Settings, checkout: Checkout, *, image: str) -> Stack:
    """The stack whose state lies there; `image` is what its template holds, "" is none."""
    if where.stack == "registry":
        return registry_stack(settings, checkout)
    if where.stack == "platform":
        return platform_stack(settings, checkout)
    service = settings.services.get(where.service) or _stand_in(where.service, checkout)
    return service_stack(settings, service, image or _NO_IMAGE, checkout)


def in_the_way(settings: Settings, doomed: Sequence[Doomed], aws: Aws) -> list[str]:
    """What would keep the platform from going: tasks and services that Terraform doesn't know."""
    if not any(each.where.stack == "platform" for each in doomed):
        return []
    cluster = names.cluster(settings)
    ours = {names.service(settings, e.where.service) for e in doomed if e.where.service}
    try:
        pages = aws.ecs.get_paginator("list_services").paginate(cluster=cluster)
        there = {arn.rpartition("/")[2] for page in pages for arn in page["serviceArns"]}
        running = _one_off_tasks(cluster, aws)
    except Exception as error:
        if error_code(error) in _ABSENT:
            return []
        raise
    return [
        *(f"ECS service {name}, which no state knows" for name in sorted(there - ours)),
        *(f"task {arn}, which no service runs" for arn in running),
    ]


def images(settings: Settings, aws: Aws) -> int:
    """How many images the repositories of the registry hold."""
    total = 0
    for name in settings.services:
        repository = names.repository(settings, name)
        try:
            pages = aws.ecr.get_paginator("list_images").paginate(repositoryName=repository)
            tags = [each.get("imageTag", "") for page in pages for each in page["imageIds"]]
            total += sum(not tag.startswith(SBOM) for tag in tags)
        except Exception as error:
            if error_code(error) not in _ABSENT:
                raise
    return total


def users_of_registry(settings: Settings, aws: Aws) -> list[str]:
    """Other environments that take their images from this one's registry and still exist."""
    mine = settings.environment.name
    others = [each for each in settings.environments.values() if each.registry == mine != each.name]
    return [each.name for each in others if _exists(settings, each, at(aws, each))]


def _exists(settings: Settings, environment: Environment, aws: Aws) -> bool:
    states = (statestore.current(each, aws) for each in _places(settings, environment.name, aws))
    return any(state and not state.empty for state in states)


def destroy(
    settings: Settings,
    doomed: Sequence[Doomed],
    world: Terraforming,
    confirm: Confirm,
    *,
    keep: bool = True,
) -> list[str]:
    """Show every plan, ask, then destroy wave by wave; in a dry run only show.

    With `keep` a snapshot of each database is taken before it goes; returns their names.

    Broken off in the middle it leaves what is still there in its states: run again, it goes on.
    Raises `InfraError`, `LockedError`, `Interrupted`, and what `confirm` raises.
    """
    if isinstance(world.runner, DryRunner):
        with _plans(doomed, world) as plans:
            _show(plans, world)
        return []
    with _leases(settings, doomed, world), _plans(doomed, world) as plans:
        _show(plans, world)
        confirm(plans)
        kept = []
        for kind in ORDER:
            if keep:
                states = [each.state.text for each in doomed if each.where.stack == kind]
                kept += snapshots.take(states, world.aws, world.console)
            wave = [plan for plan in plans if plan.stack.name == kind]
            with world.console.step(f"destroying {kind}") if wave else ExitStack():
                side_by_side({plan.stack.label: partial(_end, plan, world) for plan in wave})
    return kept


@contextmanager
def _plans(doomed: Sequence[Doomed], world: Terraforming) -> Iterator[list[Planned]]:
    """The destroy plan of each stack, made side by side."""
    # A service's stack reads what the platform gives. Without one, its state has to be enough.
    refresh = any(each.where.stack == "platform" for each in doomed)
    with ExitStack() as open_plans:

        def one(stack: Stack) -> Planned:
            reached = world.reaching(stack)
            with calls(f"{stack.label} in {stack.environment}"):
                return open_plans.enter_context(
                    planned(
                        stack,
                        reached,
                        lock=not isinstance(world.runner, DryRunner),
                        destroy=True,
                        refresh=refresh or not stack.service,
                    )
                )

        found = side_by_side({each.stack.label: partial(one, each.stack) for each in doomed})
        yield list(found.values())


@contextmanager
def _leases(settings: Settings, doomed: Sequence[Doomed], world: Terraforming) -> Iterator[None]:
    """Keep deploys of these services out meanwhile."""
    services = [each.where.service for each in doomed if each.where.service]
    table = names.lock_table(settings)
    with lease.hold(world.aws.dynamodb, table, settings.environment.name, services) as leases:
        for each in leases:
            each.enter("destroy")
        yield


def _show(plans: Sequence[Planned], world: Terraforming) -> None:
    for plan in plans:
        show(plan, world.console)


def _end(plan: Planned, world: Terraforming) -> None:
    world, where = world.reaching(plan.stack), locks.place(plan.stack)
    with calls(f"{plan.stack.label} in {plan.stack.environment}"):
        applied.doubt(where, world.aws)
        if plan.changes:
            apply_plan(plan, world)
        applied.forget(where, world.aws)
        with holding.hold([where], "destroy", world.aws):
            statestore.remove(where, world.aws)
    # The workspace is gone with its state: whoever deploys again makes it anew.
    (plan.stack.data_dir / "environment").unlink(missing_ok=True)


def _places(settings: Settings, environment: str, aws: Aws) -> list[Place]:
    home = settings.environments[environment]
    bucket, table = names.state_bucket(settings, home), names.lock_table(settings)
    try:
        return locks.places(environment, bucket, table, aws)
    except aws.s3.exceptions.NoSuchBucket:
        return []


def _one_off_tasks(cluster: str, aws: Aws) -> list[str]:
    pages = aws.ecs.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus="RUNNING")
    found = []
    for page in pages:
        if not page["taskArns"]:
            continue
        tasks = aws.ecs.describe_tasks(cluster=cluster, tasks=page["taskArns"])["tasks"]
        found += [t["taskArn"] for t in tasks if not t.get("group", "").startswith("service:")]
    return found


def _stand_in(name: str, checkout: Checkout) -> Service:
    """A manifest for a service whose folder is gone: Terraform wants values, the state has them."""
    own = {
        "name": name,
        "folder": checkout.services / name,
        "route": {"path": f"/{name}", "host": "", "priority": 1},
        "env": {},
        "calls": {},
        "called": False,
    }
    return build(Service, {**defaults()["service"], **own})


def blocked(environment: str, found: Sequence[str]) -> InfraError:
    """The error for what `in_the_way` found."""
    listed = "\n".join(f"  {each}" for each in found)
    return InfraError(
        f"{environment}: nothing was destroyed; in the way of its cluster:\n{listed}",
        next_step="stop or delete these, then run the same command again",
    )
