"""A deploy, as the list of its steps, and the truth about how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from slipway import names, signals
from slipway.aws import Aws, calls
from slipway.config import Service
from slipway.errors import Interrupted, SlipwayError, Unanswered
from slipway.infra import state
from slipway.release import (
    aim,
    aside,
    changed,
    facts,
    furnish,
    lease,
    migrations,
    order,
    preflight,
    proof,
    reconcile,
    records,
    recover,
    wayback,
)
from slipway.release.announce import Announcer, announced
from slipway.release.progress import Options, Progress
from slipway.release.world import Site, World
from slipway.rollout import schedules, strategy, view
from slipway.rollout import watch as watching_rollouts
from slipway.rollout.decide import short
from slipway.rollout.model import Rollout, Target


def deploy(world: World, options: Options) -> Progress:
    """Take every chosen service from its folder to a verified rollout."""
    preflight.refuse(world, options.allow_destroy)
    progress = Progress(options=options, chosen=tuple(world.settings.services))
    with announced(world, progress) as announcer:
        steps(world, progress, announcer)
    return progress


def steps(world: World, progress: Progress, announcer: Announcer) -> None:
    """All that a deploy does, in its order."""
    options = progress.options
    with phase(world, progress, "state"):
        state.ready(world.settings, world.aws, say=world.console.detail)
    with phase(world, progress, "images and platform"):
        furnish.build_beside_platform(world, progress)
    world = aside.going(world, progress)
    if options.only_changed:
        with phase(world, progress, "what has changed"):
            changed.leave_unchanged(world, progress, partial(target, world))
        world = aside.going(world, progress)
    with held(world, options) as leases:
        facts.demand_still(world, options.expected)
        take_over(world, leases)
        wayback.demand(world, options)
        with recorded(world, progress, leases):
            with phase(world, progress, "services", leases):
                furnish.apply_services(world, progress)
                furnish.demand_secrets(aside.going(world, progress), progress)
            for wave in waves(world, options):
                go(aside.only(world, wave), progress, leases, announcer)


def waves(world: World, options: Options) -> tuple[tuple[str, ...], ...]:
    """The services in the order of their needs."""
    needs = {name: each.needs for name, each in world.settings.services.items()}
    return order.waves(needs, at_most=options.at_most)


def go(
    world: World, progress: Progress, leases: Sequence[lease.Lease], announcer: Announcer
) -> None:
    """Migrate, roll out and verify one wave: the services of `world`, less those in trouble."""
    aside.skip(aside.going(world, progress), progress)
    stages: dict[str, Callable[[World, Progress], None]] = {
        "migrations": migrate,
        "rollout": roll_out,
        "verification": partial(proof.verify_all, watch=watching(world)),
    }
    if any(each.deploy.bake for each in world.settings.services.values()):
        stages["bake"] = partial(proof.bake_all, watch=watching(world))
    if any(each.serves and each.jobs for each in world.settings.services.values()):
        stages["schedules"] = point_schedules
    for title, step in stages.items():
        going = aside.going(world, progress)
        if going.settings.services:
            with phase(going, progress, title, leases):
                step(going, progress)
    announcer.look()


def migrate(world: World, progress: Progress) -> None:
    """Run the migrations, and go on without the services whose migration fails."""
    errors = migrations.run_all(world, progress, targets(world, progress))
    aside.fail(world, progress, errors)


@contextmanager
def phase(
    world: Site, progress: Progress, title: str, leases: Sequence[lease.Lease] = ()
) -> Iterator[None]:
    """Announce a phase, to those who wait for our lease as well, and note its seconds."""
    some = tuple(world.settings.services)
    of = f" of {', '.join(some)}" if 0 < len(some) < len(progress.chosen) else ""
    for each in leases:
        each.enter(title)
    leave_word(title, world.settings.environment.name)
    began = time.monotonic()
    with world.console.step(f"{title}{of}"):
        yield
    progress.phases[title] = round(progress.phases.get(title, 0) + time.monotonic() - began, 3)


TERRAFORM = ("images and platform", "services")
"""Phases in which it runs."""


def leave_word(title: str, environment: str) -> None:
    """Have a second signal say where it came, and who tells what has become of it."""
    if interrupts := signals.current():
        words = [
            f"stopped at once during {title!r}: what was under way may still be going on",
            f"uv run invoke history --env={environment} tells what has become of it",
        ]
        if title in TERRAFORM:
            words.append(f"uv run invoke state.list --env={environment} names locks left behind")
        interrupts.last_words = "\n".join(words)


@contextmanager
def held(world: Site, options: Options) -> Iterator[list[lease.Lease]]:
    """Hold the lease of every chosen service."""
    with lease.hold(
        world.aws.dynamodb,
        names.lock_table(world.settings),
        world.settings.environment.name,
        tuple(world.settings.services),
        wait=options.wait,
        say=world.console.detail,
    ) as leases:
        yield leases


def take_over(world: Site, leases: Sequence[lease.Lease]) -> None:
    """Settle the releases that a deploy before us left open; whoever began them is gone."""
    for each in leases:
        if each.ours:
            service = world.settings.services[each.service]
            reconcile.settle(world, partial(target, world), each.token, service)


@contextmanager
def recorded(world: Site, progress: Progress, leases: Sequence[lease.Lease]) -> Iterator[None]:
    """Write the ledger before the first change, and `recording` at the end."""
    records.begin(world, progress, leases)
    with recording(world, progress):
        yield


@contextmanager
def recording(world: Site, progress: Progress) -> Iterator[None]:
    """Complete the ledger however the rollouts end, and handle a signal as it was asked."""
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        signals.heard()
        progress.problem, progress.stopped = "a signal came", True
        recover.interrupted(world.aws, watching(world), world.console.warn, progress)
        raise
    except Exception as error:
        progress.problem = str(error).partition("\n")[0]
        if isinstance(error, Unanswered):
            progress.unsure.add(error.service)
        raise
    finally:
        # A signal must not leave a release open whose end is known.
        with signals.deferred():
            records.end(world, progress)


def roll_out(
    world: Site, progress: Progress, begin: Callable[[Aws, Target], Rollout] = strategy.start
) -> None:
    """`begin` every rollout and watch them to their ends."""
    errors: dict[str, SlipwayError] = {}
    unsure: list[Unanswered] = []
    for name, wanted in targets(world, progress).items():
        try:
            # A signal between ECS's answer and our note of it would leave a rollout to nobody.
            with signals.deferred():
                progress.rollouts[name] = begin(world.aws, wanted)
        except Unanswered as error:
            unsure.append(error)
            progress.unsure.add(name)
        except SlipwayError as error:
            errors[name] = error
    follow(world, progress)
    if unsure:
        raise unsure[0]
    aside.fail(world, progress, errors)


def point_schedules(site: Site, progress: Progress) -> None:
    """Have the jobs of web services run by what serves, now that it is verified."""
    for name, service in site.settings.services.items():
        if not service.serves or name not in progress.smoke:
            continue
        wanted, arn = target(site, progress, service), progress.outcome(name).task_definition
        with calls(f"pointing the schedules of {name} at what serves"):
            for job in schedules.point(site.aws, wanted.schedules, arn):
                site.console.detail(f"{name}: job {job} runs by {short(arn)} from now on")


def follow(world: Site, progress: Progress) -> None:
    """Watch the rollouts of the site's services to their ends; find out why one went wrong."""
    mine = [
        progress.rollouts[name] for name in world.settings.services if name in progress.rollouts
    ]
    note = partial(records.note, world, progress)
    note()
    watch(world, mine, note)
    for rollout in mine:
        recover.explained(world.aws, rollout)
        if rollout.outcome and rollout.outcome.note:
            world.console.detail(f"{rollout.target.name}: {rollout.outcome.note}")


def targets(world: Site, progress: Progress) -> dict[str, Target]:
    """What the rollouts aim at, by service."""
    services = world.settings.services.items()
    return {name: target(world, progress, service) for name, service in services}


def target(world: Site, progress: Progress, service: Service) -> Target:
    """What the rollout of `service` aims at."""
    outcome, image = progress.stacks[service.name], progress.images[service.name].ref
    base = Target(
        name=service.name,
        environment=world.settings.environment.name,
        cluster=names.cluster(world.settings),
        service=names.service(world.settings, service.name),
        template=outcome.outputs["task_definition_arn"],
        image=str(image),
        target_group=outcome.outputs.get("target_group_arn", ""),
        port=service.port,
        health_path=service.health.path,
        timeout=service.deploy.patience,
        desired=service.scale.min,
        created=outcome.created("aws_ecs_service"),
    )
    base = aim.with_jobs(base, outcome.outputs, service)
    return aim.shifted(base, outcome.outputs, service, image.tag)


def watch(
    world: Site, rollouts: Sequence[Rollout], note: Callable[[], None] = lambda: None
) -> None:
    """Watch until each of `rollouts` has ended, showing the way there; `note` after each look."""
    if all(rollout.outcome for rollout in rollouts):
        return
    shown = view.Noting(view.make_view(world.console), note)
    try:
        watching_rollouts.watch(world.aws, rollouts, shown)
    finally:
        shown.close()


def watching(world: Site) -> recover.Watch:
    """`watch` in this world."""
    return partial(watch, world)
