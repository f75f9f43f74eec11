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
from functools import partial

from slipway import signals
from slipway.console import Console, has_colours
from slipway.dev import stores, watch
from slipway.dev.choice import Wish, choose, noted, plan_again
from slipway.dev.keeper import Keeper
from slipway.dev.logs import Look, Mode
from slipway.dev.plan import Plan
from slipway.dev.stream import Stream, answer
from slipway.engine import Engine
from slipway.errors import LockedError
from slipway.paths import Checkout
from slipway.process import Process
from slipway.runner import Spawner

COLUMNS = ("service", "url", "database", "cache")
Job = Callable[[], None]
US = "slipway"
"""Whose lines are about no service."""


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


def run(checkout: Checkout, wish: Wish, runner: Spawner, engine: Engine, console: Console) -> int:
    """Run what is wished until a signal; at the end nothing of it is left but the stores' data.

    Where only jobs are wished, it ends with the last of them; the exit code of one that failed.
    """
    choice = choose(checkout, wish)
    with alone(checkout), signals.hanging_up():
        if not choice.stores:
            return serve(checkout, wish, noted(checkout, choice), runner, console)
        cellar = stores.open_cellar(checkout, runner, engine, console)
        # First of all: what a run that was killed has left holds ports.
        stores.clear(cellar, runner)
        plan = noted(checkout, choice)
        with stores.running(cellar, plan.ports, plan.databases, fresh=wish.fresh):
            return serve(checkout, wish, plan, runner, console)


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


def serve(checkout: Checkout, wish: Wish, plan: Plan, runner: Spawner, console: Console) -> int:
    """Run every service until a signal, or until nobody reads what they say; the exit code."""
    show(plan, wish, console)
    stop = threading.Event()
    signals.register(stop.set)
    stream = Stream(console, look_of(plan, wish, console), stop.set)
    keepers = staff(checkout, wish, plan, runner, stream)
    watch_jobs([keepers[name] for name in wish.services], stop)
    with signals.deferred():
        work(jobs(checkout, keepers, stream, stop), stop, [one.stop for one in keepers.values()])
        # It is what ends every run, so it is no error to tell of.
        signals.heard()
    if stream.broken:
        raise BrokenPipeError
    console.line("all services have ended")
    return next((keepers[name].code for name in wish.services if keepers[name].code), 0)


def watch_jobs(wished: Sequence[Keeper], stop: threading.Event) -> None:
    """Have the last end of a job be the end of all, where nothing else was wished."""
    if not wished or any(keeper.service.port for keeper in wished):
        return

    def ended() -> None:
        if all(one.ended for one in wished):
            stop.set()

    for keeper in wished:
        keeper.on_end = ended


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


def look_of(plan: Plan, wish: Wish, console: Console) -> Look:
    """Readable where a person reads, else as it comes."""
    mode: Mode = "json" if wish.json else "readable" if console.out.isatty() else "raw"
    return Look(mode=mode, colours=has_colours(console.out), names=tuple(plan.services))
