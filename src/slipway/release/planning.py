"""One plan over everything that a deploy would do: images, Terraform, revisions, tasks, cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from slipway.aws import calls
from slipway.config import Service
from slipway.images import registry
from slipway.images.plan import ImagePlan
from slipway.infra import state
from slipway.infra.apply import StackOutcome, plan_stack
from slipway.infra.stacks import Stack
from slipway.release import costing, diff, facts, order, preflight
from slipway.release.facts import LookAtImage
from slipway.release.plan_model import Plan, ServicePlan, StackPlan, peak, strategy
from slipway.release.progress import Options
from slipway.release.serving import Serving
from slipway.release.world import World
from slipway.rollout import observe, taskdef
from slipway.rollout.decide import Snapshot, short

_LEFT_OUT = frozenset({"tags", "taskDefinitionArn", "revision", "status", "registeredAt"})
_LEFT_OUT |= {"registeredBy", "deregisteredAt", "compatibilities", "requiresAttributes"}


def make(world: World, look: LookAtImage, options: Options) -> Plan:
    """The plan of a deploy. The world's runner is a dry one: nothing changes."""
    preflight.refuse(world, options.allow_destroy)
    settings = world.settings
    wanting = tuple(state.wanting(settings, world.aws))
    waves = order.waves(
        {name: each.needs for name, each in settings.services.items()}, at_most=options.at_most
    )
    if wanting:
        return Plan(environment=settings.environment.name, wanting=wanting, waves=waves)
    shared = {stack.label: stack for stack in facts.stacks(world)}
    outcomes = {label: plan(world, stack, options) for label, stack in shared.items()}
    there = preflight.live(settings, world.aws)
    outputs = {**outcomes["registry"].outputs, **outcomes["platform"].outputs}
    return Plan(
        environment=settings.environment.name,
        stacks=tuple(told(world, stack, outcomes[label]) for label, stack in shared.items()),
        services=tuple(
            one(world, each, look, outputs, options, there) for each in settings.services.values()
        ),
        waves=waves,
        facts=facts.gather(world, look),
    )


def plan(world: World, stack: Stack, options: Options) -> StackOutcome:
    """What Terraform would do to a stack."""
    return plan_stack(stack, world.terraform, refresh=options.refresh)


def told(world: World, stack: Stack, outcome: StackOutcome) -> StackPlan:
    """A stack's part of the plan."""
    if not outcome.changed:
        return StackPlan(label=stack.label, told="unchanged", monthly=costing.NOTHING)
    unmade = outcome.summary.empty
    return StackPlan(
        label=stack.label,
        told="everything would be made" if unmade else str(outcome.summary),
        changes=tuple(outcome.summary.lines()),
        monthly=costing.of_new(world, stack) if unmade else costing.difference(outcome.summary),
    )


def one(
    world: World,
    service: Service,
    look: LookAtImage,
    outputs: Mapping[str, Any],
    options: Options,
    there: Mapping[str, Snapshot],
) -> ServicePlan:
    """What would become of one service; `outputs` are those of registry and platform."""
    known = outputs.get("repositories", {}).get(service.name)
    repository = known or f"new/{service.name}"
    image = look(service, repository)
    found = registry.find(world.ecr, repository, image.tag) if known else None
    reference = f"{repository}@{found.digest if found else facts.UNBUILT}"
    stack = facts.stack_of(world, service, reference, outputs.get("contract", ""), there)
    outcome = plan(world, stack, options)
    with calls(f"looking at {service.name}"):
        here = facts.serving_now(world, service, there)
        revision = tuple(revised(world, outcome, here, reference))
    changes = outcome.changed or bool(revision)
    tasks = there[service.name].desired if service.name in there else 0
    return ServicePlan(
        name=service.name,
        action="create" if here is None else "roll out" if changes else "unchanged",
        image=f"{image.tag}, {'there' if found else 'to be built'}",
        stack=told(world, stack, outcome),
        serving=short(here.task_definition) if here else "",
        strategy=strategy(service),
        tasks=tasks,
        peak=peak(service, tasks) if changes else tasks,
        revision=revision,
        notes=tuple(notes(world, service, image)),
    )


def revised(world: World, outcome: StackOutcome, here: Serving | None, image: str) -> Iterator[str]:
    """A line for each value of the task definition that would change."""
    template = outcome.outputs.get("task_definition_arn")
    if here is None or not template:
        return
    running, _ = observe.task_definition(world.aws.ecs, here.task_definition)
    definition, tags = observe.task_definition(world.aws.ecs, template)
    wanted = taskdef.next_revision({**definition, **planned(outcome)}, tags, image)
    if not taskdef.same(running, wanted):
        for change in diff.changes(plain(running), plain(wanted)):
            yield str(change)


def planned(outcome: StackOutcome) -> dict[str, Any]:
    """What Terraform would make of the template: its containers and size, as far as known."""
    for each in outcome.summary.after:
        if each.type == "aws_ecs_task_definition" and "module.task_definition" in each.address:
            values = {name: each.values.get(name) for name in ("cpu", "memory")}
            found = {name: value for name, value in values.items() if value}
            containers = each.values.get("container_definitions")
            return found | ({"containerDefinitions": json.loads(containers)} if containers else {})
    return {}


def plain(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition without what ECS assigns, and without empty values that it fills in."""
    kept = {key: value for key, value in definition.items() if key not in _LEFT_OUT}
    filled: dict[str, Any] = _filled(kept)
    return filled


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = {key: _filled(each) for key, each in value.items()}
        return {
            key: each
            for key, each in pairs.items()
            if each not in (None, [], {}, "") and (key, each) != ("cpu", 0)
        }
    if isinstance(value, list):
        return [_filled(each) for each in value]
    return value


def notes(world: World, service: Service, image: ImagePlan) -> Iterator[str]:
    """What else there is to know of a service."""
    environment = world.settings.environment
    if image.dirty and environment.protected:
        yield f"uncommitted changes: {environment.name} is protected, and refuses them"
    elif image.dirty:
        yield "uncommitted changes are in it"
    if service.needs:
        yield f"after {', '.join(service.needs)}"
