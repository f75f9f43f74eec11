"""Runs services on this machine, from the first line to the last."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from slipway import signals, tools
from slipway.config import Service, Settings, load, local_values
from slipway.console import Console, colours
from slipway.dev import plan as planning
from slipway.dev import ports, stores, watch
from slipway.dev.keeper import Keeper
from slipway.dev.logs import Look, Mode
from slipway.dev.plan import SEEDS, DevService, Plan, Seen
from slipway.dev.program import command_in
from slipway.dev.stream import Stream, answer
from slipway.dev.variables import Ports
from slipway.engine import Engine
from slipway.errors import ConfigError, LockedError
from slipway.paths import Checkout
from slipway.process import Process
from slipway.runner import Spawner

COLUMNS = ("service", "url", "database", "cache")
Job = Callable[[], None]
US = "slipway"
"""Whose lines are about no service."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for: these services (none named: all), as `environment` has them."""

    environment: str
    services: tuple[str, ...]
    fresh: bool = False
    json: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The settings, and the services that are to run, those that are needed first."""

    settings: Settings
    services: tuple[Service, ...]

    @property
    def stores(self) -> bool:
        """Whether any of them keeps data."""
        return any(one.database.enabled or one.cache.enabled for one in self.services)


def choose(checkout: Checkout, wish: Wish) -> Choice:
    """What is wished and all that it needs. Raises `UsageError` for a name that is none."""
    load(checkout, wish.environment, wish.services)
    settings = load(checkout, wish.environment)
    needs = {name: one.needs for name, one in settings.services.items()}
    names = planning.in_order(needs, wish.services or tuple(needs))
    return Choice(settings=settings, services=tuple(settings.services[name] for name in names))


def look(checkout: Checkout, choice: Choice) -> Plan:
    """The plan for what is chosen, at ports that are free now."""
    wanted = planning.wanted_ports(choice.services)
    found = ports.choose(wanted, noted_ports(checkout), stores.is_free)
    return planned(checkout, choice.settings, choice.services, found)


def planned(
    checkout: Checkout, settings: Settings, services: Sequence[Service], found: Ports
) -> Plan:
    """The plan for these services at these ports."""
    seen = {service.name: see(checkout, service) for service in services}
    return planning.plan(settings, seen, found, tools.uv())


def see(checkout: Checkout, service: Service) -> Seen:
    """What is in a service's folder. Raises `ConfigError` where there is nothing to run."""
    file = service.folder / "Dockerfile"
    shown = checkout.shown(file)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{shown}: {error.strerror}: it says what a service runs",
            next_step="write it, or copy that of another service",
        ) from error
    return Seen(
        program=command_in(text, shown),
        local=local_values(service),
        seeds=(service.folder / SEEDS).is_file(),
    )


def noted_ports(checkout: Checkout) -> dict[str, int]:
    """The ports of earlier runs."""
    try:
        found: dict[str, int] = json.loads(_noted(checkout).read_text())
    except (OSError, ValueError):
        return {}
    return found


def note_ports(checkout: Checkout, found: Ports) -> None:
    """Remember ports for later runs."""
    file = _noted(checkout)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**noted_ports(checkout), **found}, indent=2))


def _noted(checkout: Checkout) -> Path:
    return checkout.work / "dev" / "ports.json"


@contextmanager
def alone(checkout: Checkout) -> Iterator[None]:
    """Be the only one in this checkout: two would take each other's ports and containers.

    Raises `LockedError` with the other's process.
    """
    file = checkout.work / "dev" / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LockedError(
                f"invoke dev runs in this checkout already (process {lock.read().strip()})",
                next_step="end that one with Ctrl-C; --service takes several, divided by commas",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def run(checkout: Checkout, wish: Wish, runner: Spawner, engine: Engine, console: Console) -> None:
    """Run what is wished until a signal; at the end nothing of it is left but the stores' data."""
    choice = choose(checkout, wish)
    with alone(checkout), signals.hanging_up():
        if not choice.stores:
            serve(checkout, wish, noted(checkout, choice), runner, console)
            return
        cellar = stores.open_cellar(checkout, runner, engine, console)
        # First of all: what a run that was killed has left holds ports.
        stores.clear(cellar, runner)
        plan = noted(checkout, choice)
        with stores.running(cellar, plan.ports, plan.databases, fresh=wish.fresh):
            serve(checkout, wish, plan, runner, console)


def noted(checkout: Checkout, choice: Choice) -> Plan:
    """The plan, its ports remembered."""
    plan = look(checkout, choice)
    note_ports(checkout, plan.ports)
    return plan


def show(plan: Plan, wish: Wish, console: Console) -> None:
    """Where everything is, and what is missing."""
    if wish.json:
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in plan.rows()]
        console.result(json.dumps({"service": US, "event": "addresses", "addresses": rows}))
    else:
        console.table(COLUMNS, plan.rows())
    for one in plan.services.values():
        if one.missing:
            console.warn(
                f"{one.name}: no value for {', '.join(one.missing)}; "
                f"write NAME=VALUE into services/{one.name}/local.env"
            )


def serve(checkout: Checkout, wish: Wish, plan: Plan, runner: Spawner, console: Console) -> None:
    """Run every service until a signal, or until nobody reads what they say."""
    show(plan, wish, console)
    stop = threading.Event()
    signals.register(stop.set)
    stream = Stream(console, look_of(plan, wish, console), stop.set)
    keepers = staff(checkout, wish, plan, runner, stream)
    with signals.deferred():
        work(jobs(checkout, keepers, stream, stop), stop, [one.stop for one in keepers.values()])
        # It is what ends every run, so it is no error to tell of.
        signals.heard()
    if stream.broken:
        raise BrokenPipeError
    console.line("all services have ended")


def work(jobs: Sequence[Job], stop: threading.Event, endings: Sequence[Job]) -> None:
    """Do jobs side by side until `stop`, or until one fails; then call what ends them."""

    def ended(job: Future[None]) -> None:
        if job.exception():
            stop.set()

    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        begun = [pool.submit(job) for job in jobs]
        for one in begun:
            one.add_done_callback(ended)
        # With an end, so that a signal is handled in between.
        while not stop.wait(1.0):
            pass
        for end in endings:
            end()
    for one in begun:
        one.result()


def jobs(
    checkout: Checkout, keepers: Mapping[str, Keeper], stream: Stream, stop: threading.Event
) -> list[Job]:
    """Each keeper's work, looking at files, and listening to who types."""
    folders = {name: (checkout.services / name).resolve() for name in keepers}

    def process(name: str) -> Process | None:
        keeper = keepers.get(name) or (next(iter(keepers.values())) if len(keepers) == 1 else None)
        return keeper.process if keeper else None

    def changed(name: str, paths: Collection[str]) -> None:
        keepers[name].change(paths)

    found: list[Job] = [keeper.run for keeper in keepers.values()]
    found.append(partial(watch.follow, folders, changed, stop))
    if stream.look.mode == "readable" and sys.stdin.isatty():
        found.append(partial(answer, stream, process, stop))
    return found


def staff(
    checkout: Checkout, wish: Wish, plan: Plan, runner: Spawner, stream: Stream
) -> dict[str, Keeper]:
    """A keeper for each service."""
    keepers: dict[str, Keeper] = {}
    for name, service in plan.services.items():
        keepers[name] = Keeper(
            service=service,
            stream=stream,
            runner=runner,
            plan_again=partial(plan_again, checkout, wish, plan),
            needed={one: keepers[one] for one in service.needs},
        )
    return keepers


def plan_again(checkout: Checkout, wish: Wish, plan: Plan, name: str) -> DevService:
    """How a service runs by its files as they are now.

    Raises `ConfigError` where these are wrong, or ask for what was not started.
    """
    settings = load(checkout, wish.environment)
    service, before = settings.services[name], plan.services[name]
    data = (service.database.enabled, service.cache.enabled)
    if (service.needs, data) != (before.needs, before.data):
        raise ConfigError(
            f"services/{name}/service.toml: it needs others, or other data, than before",
            next_step="start invoke dev again",
        )
    return planned(checkout, settings, [service], plan.ports).services[name]


def look_of(plan: Plan, wish: Wish, console: Console) -> Look:
    """Readable where a person reads, else as it comes."""
    mode: Mode = "json" if wish.json else "readable" if console.out.isatty() else "raw"
    return Look(mode=mode, colours=colours(console.out), names=tuple(plan.services))
