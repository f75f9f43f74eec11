"""What a rollout needs before it begins: images, platform, each service's own stack, secrets."""

from __future__ import annotations

from functools import partial

from slipway import secrets
from slipway.config import Service
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
    """Go on without the services that would start with a secret that has no value yet."""
    errors: dict[str, SlipwayError] = {}
    for service in world.settings.services.values():
        unset = secrets.unset(world.aws, world.settings, service)
        if unset:
            environment = world.settings.environment.name
            commands = [secrets.set_command(environment, service.name, name) for name in unset]
            errors[service.name] = DeployError(
                f"{service.name}: {len(unset)} secrets have no value yet",
                next_step="\n  ".join(["give them theirs, and deploy again:", *commands]),
            )
    aside.fail(world, progress, errors)
