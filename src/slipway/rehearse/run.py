"""A rehearsal from its first to its last step."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway import signals
from slipway.config import Service, Settings, load
from slipway.engine import DockerEngine
from slipway.errors import DeployError, Interrupted, SlipwayError, UsageError
from slipway.paths import Checkout
from slipway.rehearse import acting, drills, play, retarget, stage, toolbox
from slipway.rehearse.drills import Drill, Result
from slipway.rehearse.live import Version, candidate, live
from slipway.rehearse.recorder import Recorder
from slipway.rehearse.result import Candidate, Rehearsal, joined, seen
from slipway.rehearse.stage import Stage
from slipway.rehearse.traffic import Traffic, traffic
from slipway.rehearse.variants import unlike
from slipway.release import aside
from slipway.release.deploy import deploy
from slipway.release.progress import Progress
from slipway.release.world import World, workbench
from slipway.rollout.model import Outcome

if TYPE_CHECKING:
    from slipway.cli.app import App

RATE, CLOCK = 50.0, 2.0
"""Requests a second to each service, and seconds of a minute, where nobody says otherwise."""

CALM = 3.0
"""Seconds of traffic before the candidate comes, and after it, to compare with."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to rehearse: `rate` in requests a second and service, `clock` in seconds a minute."""

    environment: str
    services: tuple[str, ...] = ()
    drills: tuple[str, ...] = ()
    rate: float = RATE
    clock: float = CLOCK
    keep: bool = False


@dataclass(kw_only=True)
class Show:
    """A rehearsal under way."""

    app: App
    wish: Wish
    stage: Stage
    console: Recorder
    services: tuple[str, ...]

    def settings(self, services: tuple[str, ...]) -> Settings:
        """The settings of these services as they are on the stage now."""
        return play.settings_of(
            self.stage.checkout, self.wish.environment, services, self.stage.port
        )

    def world(self, settings: Settings) -> World:
        """Everything for a deploy of what is on the stage now."""
        return play.world_of(self.app, settings, self.stage.checkout, self.console, self.wish.clock)


@dataclass(frozen=True, kw_only=True)
class Course:
    """What happened on the stage."""

    live: Version
    candidates: tuple[Candidate, ...]
    drills: tuple[Result, ...]
    traffic: Mapping[str, Traffic]


def rehearse(app: App, wish: Wish) -> Rehearsal:
    """Roll out the candidate where the live version serves, then drill. Raises `SlipwayError`."""
    chosen = check(wish)
    settings = load(app.checkout, wish.environment, wish.services)
    before, after = live(app, settings), candidate(app)
    console = Recorder(out=app.console.out, err=app.console.err)
    when, began = datetime.now(UTC), time.monotonic()
    with stage.opened(app.checkout, app.runner, wish.clock, keep=wish.keep) as place:
        names = tuple(settings.services)
        show = Show(app=app, wish=wish, stage=place, console=console, services=names)
        course = held(show, before, chosen)
    return Rehearsal(
        id=place.id,
        environment=wish.environment,
        when=when.isoformat(timespec="seconds"),
        began=began,
        ended=time.monotonic(),
        rate=wish.rate,
        live=course.live,
        candidate=after,
        changes=(
            *retarget.changes(settings, wish.clock),
            *stage.changes(app.checkout, wish.environment),
        ),
        tools=toolbox.versions(app),
        candidates=course.candidates,
        drills=course.drills,
        samples={name: tuple(each.samples) for name, each in course.traffic.items()},
        events=tuple(console.events),
    )


def held(show: Show, version: Version, chosen: Sequence[Drill]) -> Course:
    """All that happens between the opening of the stage and its end."""
    try:
        version, progress = begin(show, version)
        with flowing(show, progress) as asking:
            candidates, results = change(show, progress, asking, chosen)
        return Course(live=version, candidates=candidates, drills=results, traffic=asking)
    finally:
        if show.wish.keep:
            kept(show)


def check(wish: Wish) -> tuple[Drill, ...]:
    """The drills that are meant. Raises `UsageError` for what can't be rehearsed."""
    for name, value, most, usual in (
        ("rate", wish.rate, 1000, RATE),
        ("clock", wish.clock, 60, CLOCK),
    ):
        if not 0 < value <= most:
            raise UsageError(
                f"--{name}={value:g}: more than 0, and {most} at most",
                next_step=f"pass --{name}={usual:g}",
            )
    return drills.chosen(wish.drills)


def begin(show: Show, version: Version) -> tuple[Version, Progress]:
    """Have the live version serve."""
    show.console.mark(f"what is live: {version.short}, {version.source}")
    version, settings = placed(show, version)
    progress = play.first(show.world(settings))
    for name in sorted(progress.bad):
        raise not_up(name, progress.outcome(name))
    return version, progress


def placed(show: Show, version: Version) -> tuple[Version, Settings]:
    """Have the version on the stage; the working tree where there is nothing of it to deploy."""
    try:
        show.stage.place_commit(version.commit)
        return version, show.settings(there(show.stage.checkout, show.services))
    except Interrupted:
        raise
    except SlipwayError as error:
        why = error.message.partition("\n")[0]
        show.console.warn(f"{why}; the rehearsal begins with the working tree instead")
        show.stage.place_working_tree()
        return replace(version, source=f"the working tree ({why})"), show.settings(show.services)


def not_up(service: str, outcome: Outcome) -> DeployError:
    """What is live is the ground that a rehearsal stands on."""
    cause = outcome.cause
    lines = (cause.title, *cause.lines) if cause else (outcome.reason,)
    return DeployError(
        "\n  ".join([f"{service}: what is live does not come up in the rehearsal:", *lines]),
        next_step=cause.remedy if cause else "rehearse with --keep, and look into the stage",
    )


def there(checkout: Checkout, services: Sequence[str]) -> tuple[str, ...]:
    """Those of the services that the stage has: the candidate may bring new ones."""
    found = (each for each in services if (checkout.services / each / "service.toml").exists())
    names = tuple(found)
    if not names:
        raise UsageError(f"the live version has no service {', '.join(services)}")
    return names


@contextmanager
def flowing(show: Show, progress: Progress) -> Iterator[Mapping[str, Traffic]]:
    """Traffic to every service that serves."""
    asking = {
        name: traffic(progress.url(name), service, show.wish.rate)
        for name, service in services_of(show, progress).items()
    }
    with ExitStack() as stack:
        for each in asking.values():
            stack.enter_context(each.flowing())
        yield asking


def services_of(show: Show, progress: Progress) -> Mapping[str, Service]:
    """The services that were deployed first and have tasks, as the stage has them."""
    services = show.settings(progress.chosen).services
    return {name: each for name, each in services.items() if each.scale.min and each.serves}


def change(
    show: Show, before: Progress, asking: Mapping[str, Traffic], chosen: Sequence[Drill]
) -> tuple[tuple[Candidate, ...], tuple[Result, ...]]:
    """Roll out the candidate under traffic; then, where it serves, the drills."""
    signals.sleep(CALM)
    show.console.mark("the candidate: the working tree")
    show.stage.place_working_tree()
    world = show.world(show.settings(show.services))
    bench = workbench(world.runner, world, DockerEngine())
    served = {name: each.ref.tag for name, each in before.images.items()}
    world.image = unlike(bench, world.image, served)
    began = time.monotonic()
    progress = rolled_out(world)
    signals.sleep(CALM)
    found = tuple(
        judged(world, progress, name, served, asking, began) for name in world.settings.services
    )
    if not chosen or not all(each.verdict.good for each in found):
        return found, ()
    scene = acting.Scene(world=world, console=show.console, images=progress.images, traffic=asking)
    return found, acting.all_of(scene, chosen)


def rolled_out(world: World) -> Progress:
    """Deploy the candidate; an error that left nothing to roll out is its outcome."""
    try:
        return deploy(world, play.OPTIONS)
    except Interrupted:
        raise
    except SlipwayError as error:
        world.console.warn(str(error))
        failed = {name: aside.failed(error) for name in world.settings.services}
        return Progress(options=play.OPTIONS, chosen=tuple(failed), settled=failed)


def judged(
    world: World,
    progress: Progress,
    name: str,
    served: Mapping[str, str],
    asking: Mapping[str, Traffic],
    began: float,
) -> Candidate:
    """How the candidate of one service came out."""
    outcome, ended = progress.outcome(name), time.monotonic()
    image = progress.images.get(name)
    samples = asking[name].samples if name in asking else []
    found = Candidate(
        service=name,
        verdict=outcome.verdict,
        reason=outcome.reason,
        cause=outcome.cause.title if outcome.cause else "",
        before=served.get(name, ""),
        after=image.ref.tag if image else "",
        strategy=world.settings.services[name].strategy,
        url=progress.url(name),
        began=began,
        ended=ended,
        figures=seen(samples, began, ended),
    )
    if found.good:
        return found
    return replace(found, note=joined(found.figures.problem, toolbox.busy()))


def kept(show: Show) -> None:
    """Say how to look into what was kept, and how to end it."""
    folder = show.app.checkout.shown(show.stage.checkout.root)
    show.console.line(
        f"kept: {folder}, with its embedded AWS on port {show.stage.port}; to end it:"
    )
    show.console.line(
        f"(cd {folder} && SLIPWAY_LOCAL_PORT={show.stage.port} "
        f"uv run --project={show.app.checkout.root} invoke local.reset --yes); rm -r {folder}",
        indent=2,
    )
