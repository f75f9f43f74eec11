"""Which of the chosen services a deploy would change: what it leaves alone for `--only-changed`."""

from __future__ import annotations

from functools import partial

from slipway.aws import calls
from slipway.config import Service
from slipway.infra import applied
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import PlanSummary
from slipway.infra.stacks import Stack, service_stack
from slipway.model import Verdict
from slipway.release.parallel import side_by_side
from slipway.release.progress import Progress
from slipway.release.serving import former_port, serving
from slipway.release.standing import MakeTarget
from slipway.release.world import World
from slipway.rollout import schedules, strategy
from slipway.rollout.model import Outcome, Target


def leave_unchanged(world: World, progress: Progress, make: MakeTarget) -> None:
    """Settle the services that a deploy would change nothing of, and say why the others change."""
    services = world.settings.services
    found = side_by_side(
        {name: partial(why, world, progress, make, services[name]) for name in services}
    )
    for name, reason in found.items():
        if reason:
            world.console.detail(f"{name}: {reason}")
        else:
            reason = "nothing of it has changed; it was left alone"
            progress.settled[name] = Outcome(verdict=Verdict.UNCHANGED, reason=reason)


def why(world: World, progress: Progress, make: MakeTarget, service: Service) -> str:
    """What a deploy would change of a service, or "".

    Its stack is taken as the last apply left it, where no input of that has changed since.
    """
    with calls(f"looking at {service.name}"):
        stack = stack_of(world, progress, service)
        record = applied.read(stack, world.aws)
        if record is None:
            return "it was never set up here"
        if applied.with_template_image(stack, record).inputs_hash() != record.inputs_hash:
            return "its infrastructure is to change"
        progress.stacks[service.name] = StackOutcome(
            changed=False,
            skipped=True,
            summary=PlanSummary(),
            outputs=record.outputs,
            serial=record.serial,
        )
        wanted = make(progress, service)
        differs = strategy.of(wanted).differs(world.aws, wanted)
        if not differs and astray(world, service, wanted):
            return "its schedules name another revision than the one that serves"
    return "another image or task definition than the one that serves" if differs else ""


def astray(world: World, service: Service, wanted: Target) -> tuple[str, ...]:
    """The jobs of a web service whose schedules don't name what serves."""
    here = serving(world.aws, wanted.cluster, wanted.service) if service.jobs else None
    return schedules.astray(world.aws, wanted.schedules, here.task_definition) if here else ()


def stack_of(world: World, progress: Progress, service: Service) -> Stack:
    """The stack of a service with its image of this deploy."""
    return service_stack(
        world.settings,
        service,
        str(progress.images[service.name].ref),
        world.checkout,
        contract=progress.stacks["platform"].outputs["contract"],
        former_port=former_port(world.aws, world.settings, service),
    )
