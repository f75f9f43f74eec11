"""What a rollout needs before it begins: images, platform, each service's own stack, secrets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from slipway import secrets
from slipway.config import Service, local_values
from slipway.config.local_values import FILE as LOCAL_VALUES
from slipway.errors import DeployError, SlipwayError
from slipway.infra.apply import StackOutcome, apply_stack
from slipway.infra.stacks import Stack, platform_stack, registry_stack
from slipway.release import aside, changed, remake
from slipway.release.parallel import each_alone, side_by_side
from slipway.release.progress import Options, Progress
from slipway.release.world import World


def apply(world: World, stack: Stack, options: Options) -> StackOutcome:
    """Bring one stack up to date."""
    return apply_stack(
        stack,
        world.terraform,
        refresh=options.refresh,
        allow_destroy=options.allow_destroy,
        lock_timeout=options.wait,
    )


def build_beside_platform(world: World, progress: Progress) -> None:
    """Build and push every image while Terraform looks after the platform."""
    side_by_side(
        {
            "platform": partial(apply_platform, world, progress),
            "images": partial(build_all, world, progress),
        }
    )


def apply_platform(world: World, progress: Progress) -> None:
    """Bring network, load balancer and cluster up to date."""
    stack = platform_stack(world.settings, world.checkout)
    progress.stacks["platform"] = apply(world, stack, progress.options)


def build_all(world: World, progress: Progress) -> None:
    """Have a repository for every service and an image in each; builds run side by side."""
    registry = apply(world, registry_stack(world.settings, world.checkout), progress.options)
    repositories = registry.outputs["repositories"]
    services = world.settings.services
    jobs = {name: partial(world.image, services[name], repositories[name]) for name in services}
    images, errors = each_alone(jobs)
    progress.images |= images
    aside.fail(world, progress, errors)


def apply_services(world: World, progress: Progress) -> None:
    """Bring every service's own stack up to date, side by side."""

    def one(service: Service) -> StackOutcome:
        remake.make_room(world, service)
        return apply(world, changed.stack_of(world, progress, service), progress.options)

    jobs = {name: partial(one, service) for name, service in world.settings.services.items()}
    stacks, errors = each_alone(jobs)
    progress.stacks |= stacks
    aside.fail(world, progress, errors)


def demand_secrets(world: World, progress: Progress) -> None:
    """Go on without the services that would start with a secret that has no value yet.

    On the embedded AWS, secrets without one get that of the service's `local.env` first.
    """
    errors: dict[str, SlipwayError] = {}
    for service in world.settings.services.values():
        unset = secrets.unset(world.aws, world.settings, service)
        if unset and world.settings.environment.target == "embedded":
            unset = put_local_values(world, service, unset)
        if unset:
            environment = world.settings.environment.name
            commands = [secrets.set_command(environment, service.name, name) for name in unset]
            errors[service.name] = DeployError(
                f"{service.name}: {len(unset)} secrets have no value yet",
                next_step="\n  ".join(["give them theirs, and deploy again:", *commands]),
            )
    aside.fail(world, progress, errors)


def put_local_values(world: World, service: Service, unset: Sequence[str]) -> list[str]:
    """Give secrets the values of `local.env`; those that have none there either."""
    values = local_values(service)
    file = world.checkout.shown(service.folder / LOCAL_VALUES)
    given = [name for name in unset if secrets.is_set(values.get(name))]
    for name in given:
        secrets.put(world.aws, world.settings, service.name, name, values[name])
        world.console.detail(f"{service.name}: {name} had no value, and got that of {file}")
    return [name for name in unset if name not in given]
