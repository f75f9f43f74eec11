"""What a plan rests on: the states, inputs, images and services that it was made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from slipway import names
from slipway.aws import calls, error_code
from slipway.config import Service
from slipway.errors import DeployError
from slipway.images.plan import ImagePlan
from slipway.infra import applied
from slipway.infra.stacks import Stack, platform_stack, registry_stack, service_stack
from slipway.release import preflight
from slipway.release.serving import Serving, former_port, serving
from slipway.release.world import World
from slipway.rollout.decide import short

LookAtImage = Callable[[Service, str], ImagePlan]
"""The plan of a service's image in a repository."""

UNBUILT = "sha256:" + "0" * 64
"""The digest of an image that is not built yet."""


def stacks(world: World) -> tuple[Stack, Stack]:
    """The stacks that all services share: registry and platform."""
    return (
        registry_stack(world.settings, world.checkout),
        platform_stack(world.settings, world.checkout),
    )


def stack_of(
    world: World, service: Service, image: str, contract: str, there: Collection[str]
) -> Stack:
    """The stack of a service as a deploy of now would apply it; `there` are those that run."""
    return service_stack(
        world.settings,
        service,
        image,
        world.checkout,
        contract=contract,
        former_port=former_port(world.aws, world.settings, service) if service.name in there else 0,
    )


def serving_now(world: World, service: Service, there: Collection[str]) -> Serving | None:
    """What serves now; None for a web service that is not `there`."""
    if service.serves and service.name not in there:
        return None
    cluster = names.cluster(world.settings)
    with calls(f"looking at {service.name}"):
        return serving(world.aws, cluster, names.service(world.settings, service.name))


def gather(world: World, look: LookAtImage) -> dict[str, str]:
    """What a plan rests on, by what it is called: states, inputs, images, what serves."""
    found: dict[str, str] = {}
    for stack in stacks(world):
        found |= _facts_of(world, stack)
    contract = _applied_outputs(world, stacks(world)[1]).get("contract", "")
    there = preflight.live(world.settings, world.aws)
    for service in world.settings.services.values():
        stack = stack_of(world, service, UNBUILT, contract, there)
        found |= _facts_of(world, stack)
        found[f"image of {service.name}"] = look(service, "any").tag
    return found | live(world)


def _facts_of(world: World, stack: Stack) -> dict[str, str]:
    """The state of a stack, and the inputs that it would be applied with."""
    there = world.terraform.reaching(stack)
    with calls(f"looking at the state of {stack.label}"):
        record = applied.read(stack, there.aws)
        hashed = applied.with_template_image(stack, record).inputs_hash()
        return {
            f"state of {stack.label}": _state_version(there.aws.s3, stack),
            f"inputs of {stack.label}": hashed[:16],
        }


def _state_version(s3: Any, stack: Stack) -> str:
    """What tells one state of a stack from another; "none" where there is no state."""
    try:
        answer = s3.head_object(Bucket=stack.backend.bucket, Key=stack.state_path)
    except Exception as error:
        if error_code(error) in ("404", "NoSuchKey", "NoSuchBucket"):
            return "none"
        raise
    return str(answer["ETag"]).strip('"')


def _applied_outputs(world: World, stack: Stack) -> Mapping[str, Any]:
    """The outputs of a stack's last apply."""
    record = applied.read(stack, world.terraform.reaching(stack).aws)
    return record.outputs if record else {}


def demand_unmoved(planned: Mapping[str, str], now: Mapping[str, str], environment: str) -> None:
    """Raise `DeployError` where anything that a plan rests on has moved since it was made."""
    lines = moved(planned, now)
    if lines:
        raise DeployError(
            "\n".join(["since the plan was made, these moved; nothing was changed:", *lines]),
            next_step=f"look again: uv run invoke plan --env={environment} --out=FILE",
        )


def demand_still(world: World, planned: Mapping[str, str]) -> None:
    """The same for what others could have moved until we had the leases of the services."""
    if planned:
        facts = [f"live service {name}" for name in world.settings.services]
        known = {fact: planned[fact] for fact in facts if fact in planned}
        demand_unmoved(known, live(world), world.settings.environment.name)


def live(world: World) -> dict[str, str]:
    """The revision that serves, of each service."""
    there = preflight.live(world.settings, world.aws)
    services = world.settings.services.items()
    found = {name: serving_now(world, each, there) for name, each in services}
    return {
        f"live service {name}": short(here.task_definition) if here else "none"
        for name, here in found.items()
    }


def moved(planned: Mapping[str, str], now: Mapping[str, str]) -> Sequence[str]:
    """What is not as it was when the plan was made, a line each; pure."""
    return [
        f"{what}: was {planned.get(what, 'none')}, is {now.get(what, 'none')}"
        for what in sorted({*planned, *now})
        if planned.get(what) != now.get(what)
    ]
