"""What a deploy would do, step by step, changing nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipway import names
from slipway.aws import calls
from slipway.config import Service
from slipway.infra import state
from slipway.infra.apply import StackOutcome, apply_stack
from slipway.infra.stacks import platform_stack, registry_stack, service_stack
from slipway.release import preflight
from slipway.release.progress import Options
from slipway.release.serving import former_port, serving
from slipway.release.world import World
from slipway.rollout import observe, taskdef


def preview(world: World, options: Options) -> None:
    """Say for each step of a deploy what it would do. The world's runner is a dry one."""
    preflight.refuse(world, options.allow_destroy)
    say = world.console.result
    wanting = state.wanting(world.settings, world.aws)
    if wanting:
        # Nothing can be planned, and nothing is deployed, where there is no state.
        say("state: would be made: " + "; ".join(wanting))
        say("everything else: would be made after that")
        return
    say("state: there")
    registry = apply_stack(
        registry_stack(world.settings, world.checkout), world.terraform, refresh=options.refresh
    )
    say(f"registry: {told(registry)}")
    platform = apply_stack(
        platform_stack(world.settings, world.checkout), world.terraform, refresh=options.refresh
    )
    say(f"platform: {told(platform)}")
    shared = {**registry.outputs, **platform.outputs}
    for service in world.settings.services.values():
        say(f"{service.name}: {one(world, service, shared, options)}")


def one(world: World, service: Service, shared: Mapping[str, Any], options: Options) -> str:
    """What would become of one service; `shared` are the outputs of registry and platform."""
    repositories = shared.get("repositories", {})
    if service.name not in repositories:
        return "new: would be built, pushed, and get its own stack"
    image = str(world.image(service, repositories[service.name]).ref)
    contract = shared.get("contract", "")
    stack = service_stack(
        world.settings,
        service,
        image,
        world.checkout,
        contract=contract,
        former_port=former_port(world.aws, world.settings, service),
    )
    outcome = apply_stack(stack, world.terraform, refresh=options.refresh)
    if outcome.changed:
        return f"infrastructure: {told(outcome)}; then a new revision would be rolled out"
    return revision(world, service, outcome.outputs, image)


def revision(world: World, service: Service, outputs: Mapping[str, Any], image: str) -> str:
    """Whether a new revision would be rolled out."""
    cluster, name = names.cluster(world.settings), names.service(world.settings, service.name)
    with calls(f"looking at {service.name}"):
        here = serving(world.aws, cluster, name)
        if here is None and not service.serves:
            return f"a first revision would be released: {image}"
        if here is None:
            return "ECS has no such service: --refresh would make it again"
        template, tags = observe.task_definition(world.aws.ecs, outputs["task_definition_arn"])
        running, _ = observe.task_definition(world.aws.ecs, here.task_definition)
    if taskdef.same(running, taskdef.next_revision(template, tags, image)):
        return "unchanged"
    return f"a new revision would be rolled out: {image}"


def told(outcome: StackOutcome) -> str:
    """A stack's part of the plan."""
    return str(outcome.summary) if outcome.changed else "unchanged"
