"""Doing a drill: a rollout with something wrong, and the candidate again after it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from slipway.config import Service
from slipway.engine import DockerEngine
from slipway.errors import Interrupted, SlipwayError
from slipway.model import Verdict
from slipway.rehearse import faults, play, toolbox
from slipway.rehearse.drills import Drill, Result, inapplicable, lacks
from slipway.rehearse.recorder import Recorder
from slipway.rehearse.result import joined, seen
from slipway.rehearse.sample import Sample
from slipway.rehearse.traffic import Traffic
from slipway.rehearse.variants import variant
from slipway.release import aside
from slipway.release.deploy import deploy
from slipway.release.world import Built, World, workbench


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What all drills share: the world of the candidate, its images, and who asks it."""

    world: World
    console: Recorder
    images: Mapping[str, Built]
    traffic: Mapping[str, Traffic]

    def samples(self, service: Service) -> Sequence[Sample]:
        """The requests to a service so far; one that the live version does not have gets none."""
        return self.traffic[service.name].samples if service.name in self.traffic else ()


def all_of(scene: Scene, drills: Sequence[Drill]) -> tuple[Result, ...]:
    """Every drill with every service, one after the other, while the candidate serves between."""
    results: list[Result] = []
    lost: dict[str, str] = {}
    for drill in drills:
        for service in scene.world.settings.services.values():
            why = lacks(drill, service) or lost.get(service.name, "")
            found = act(scene, drill, service, why)
            results.append(found)
            if not found.restored:
                lost[service.name] = f"not held: the candidate is lost since {drill.name}"
    return tuple(results)


def act(scene: Scene, drill: Drill, service: Service, why: str = "") -> Result:
    """One drill with one service, and the way back to the candidate; not held for a `why`."""
    if why:
        scene.console.line(f"drill {drill.name}: {why}")
        return inapplicable(drill, service, why)
    scene.console.mark(f"drill {drill.name} of {service.name}: {drill.does}")
    began = time.monotonic()
    verdict, cause, note = attempt(partial(faulty, scene, drill, service))
    took = time.monotonic() - began
    scene.console.mark(f"after {drill.name}: the candidate again")
    again, problem, _ = attempt(partial(restore, scene, service))
    ended = time.monotonic()
    noticed = seen(scene.samples(service), began, ended)
    result = Result(
        drill=drill.name,
        does=drill.does,
        service=service.name,
        expected=tuple(sorted(each.label for each in drill.expects(service))),
        seen=verdict.label,
        lossless=drill.lossless,
        began=began,
        ended=ended,
        seconds=took,
        requests=noticed.requests,
        failed=noticed.failed,
        cause=cause,
        restored=again.good,
        note=note if again.good else f"the candidate does not serve again: {problem}",
    )
    if result.good:
        return result
    return replace(result, note=joined(result.note, noticed.problem, toolbox.busy()))


Ended = tuple[Verdict, str, str]
"""How a deploy ended, the cause that was named, and what else is to be said."""


def attempt(work: partial[Ended]) -> Ended:
    """Do it; an error is an end too, but not a signal."""
    try:
        return work()
    except Interrupted:
        raise
    except SlipwayError as error:
        return Verdict.FAILED, error.message.partition("\n")[0], ""


def faulty(scene: Scene, drill: Drill, service: Service) -> Ended:
    """Roll out what the drill says, with its faults."""
    world = narrowed(scene, service)
    bench = workbench(world.runner, world, DockerEngine())
    source = variant(bench, play.fixed(scene.images), drill.name, drill.program)
    endpoint = world.aws.endpoint
    assert endpoint
    if drill.kills:
        return killed(scene, world, source(service, repository(scene, service)), service)
    # Built before anything goes wrong: it is the rollout that is drilled.
    images = {service.name: source(service, repository(scene, service))}
    with faults.going_wrong(endpoint, drill.faults):
        return deployed(replace(world, image=play.fixed(images)), service)


def killed(scene: Scene, world: World, image: Built, service: Service) -> Ended:
    """A deploy that is killed in its rollout, and the same again."""
    errand = faults.Errand(
        root=str(world.checkout.root),
        environment=world.settings.environment.name,
        service=service.name,
        port=world.settings.local.port,
        clock=world.minute,
        built=image,
    )
    with scene.console.step("a deploy in a process of its own, until it is killed"):
        middle = faults.killed(world.runner, errand, world.checkout.work / "logs" / "killed.log")
    verdict, cause, _ = deployed(replace(world, image=play.fixed({service.name: image})), service)
    return verdict, cause, "" if middle else "the deploy ended before it could be killed"


def deployed(world: World, service: Service) -> Ended:
    """How a deploy of the service ends."""
    outcome = deploy(world, play.OPTIONS).outcome(service.name)
    return outcome.verdict, outcome.cause.title if outcome.cause else "", ""


def restore(scene: Scene, service: Service) -> Ended:
    """Have the candidate serve, whatever does now; the deploy asks it."""
    world = narrowed(scene, service)
    return deployed(replace(world, image=play.fixed(scene.images)), service)


def narrowed(scene: Scene, service: Service) -> World:
    return aside.only(scene.world, (service.name,))


def repository(scene: Scene, service: Service) -> str:
    return scene.images[service.name].ref.repository
