"""What keeps a service running: first starts, changes, mistakes, ends."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from slipway.command import Command, command
from slipway.console import Console
from slipway.dev import keeper as keeping
from slipway.dev.keeper import Keeper
from slipway.dev.logs import Look
from slipway.dev.plan import DevService
from slipway.dev.stream import Stream
from slipway.errors import ConfigError
from slipway.process import OnChunk
from slipway.testing import FakeRunner, printed


@dataclass
class FakeProcess:
    """A program that runs until somebody sets its code, or stops it."""

    code: int | None = None
    stopped: bool = False

    def poll(self) -> int | None:
        return self.code

    def write(self, text: str) -> None:
        return

    def stop(self, patience: float) -> None:
        self.stopped = True


@dataclass
class FakeSpawner(FakeRunner):
    """A runner whose children do nothing."""

    spawned: list[FakeProcess] = field(default_factory=list)

    def spawn(self, command: Command, *, on_chunk: OnChunk) -> FakeProcess:
        on_chunk(f"started {command}\n")
        self.spawned.append(FakeProcess())
        return self.spawned[-1]


@dataclass
class Bench:
    """A keeper at work."""

    keeper: Keeper
    runner: FakeSpawner
    screen: io.StringIO

    def said(self, text: str) -> bool:
        return text in self.screen.getvalue()

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, self.screen.getvalue()
            time.sleep(0.01)

    def until_started(self, times: int) -> FakeProcess:
        self.until(lambda: len(self.runner.spawned) == times)
        return self.runner.spawned[-1]


def service(**changes: object) -> DevService:
    made = DevService(
        name="orders",
        program=command("python", "-m", "orders"),
        before=(),
        url="http://127.0.0.1:8000/orders",
        port=8000,
        health="/health",
        needs=(),
        data=(False, False),
        missing=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def make(one: DevService, runner: FakeSpawner, **more: object) -> Bench:
    screen = io.StringIO()
    console = Console(out=screen, err=io.StringIO())
    stream = Stream(console, Look(mode="raw", colours=False, names=("orders",)), lambda: None)
    parts = {"service": one, "stream": stream, "runner": runner, "plan_again": lambda _: one}
    return Bench(Keeper(**{**parts, **more}), runner, screen)  # type: ignore[arg-type]


@contextmanager
def at_work(bench: Bench) -> Iterator[Bench]:
    thread = threading.Thread(target=bench.keeper.run)
    thread.start()
    try:
        yield bench
    finally:
        bench.keeper.stop()
        thread.join(20)
    assert not thread.is_alive()
    assert all(one.stopped for one in bench.runner.spawned)


@pytest.fixture(autouse=True)
def health(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the service answers from now on: the last of these."""
    found = [True]
    monkeypatch.setattr(keeping, "answers", lambda port, path: found[-1])
    monkeypatch.setattr(keeping, "LOOK", 0.01)
    return found


def test_it_is_settled_when_it_answers(health: list[bool]) -> None:
    """And says where, with the time that it took."""
    health.append(False)
    with at_work(make(service(), FakeSpawner())) as bench:
        bench.until_started(1)
        assert not bench.keeper.settled.wait(0.1)
        health.append(True)
        bench.until(lambda: bench.said("orders | answers at http://127.0.0.1:8000/orders ("))
        assert bench.keeper.settled.is_set()


def test_a_change_starts_it_again() -> None:
    """The old one is stopped first: it has the port. Migrations are left alone."""
    one = service(before=(command("migrate"),))
    with at_work(make(one, FakeSpawner().on("migrate"))) as bench:
        first = bench.until_started(1)
        bench.keeper.change({"src/orders/api.py"})
        bench.until_started(2)
        assert first.stopped
        assert bench.said("src/orders/api.py changed: starting again")
        assert bench.runner.shown == ["migrate"]


def test_a_change_of_migrations_migrates() -> None:
    """Before the new start."""
    one = service(before=(command("migrate"),))
    with at_work(make(one, FakeSpawner().on("migrate"))) as bench:
        bench.until_started(1)
        bench.keeper.change({"migrations/2.sql", "src/orders/api.py"})
        bench.until_started(2)
        assert bench.said("migrations/2.sql and 1 more changed")
        assert bench.runner.shown == ["migrate", "migrate"]


def test_a_migration_that_fails_is_tried_again_after_any_change() -> None:
    """Without it nothing starts; who needs the service waits no longer."""
    answers = iter([printed("no column\n", code=1), printed("")])
    runner = FakeSpawner().on("migrate", lambda _: next(answers))
    with at_work(make(service(before=(command("migrate"),)), runner)) as bench:
        bench.until(lambda: bench.said("not started: migrate ended with code 1"))
        assert bench.keeper.settled.wait(20)
        assert bench.said("orders | no column")
        assert not bench.runner.spawned
        bench.keeper.change({"src/orders/models.py"})
        bench.until_started(1)


def test_a_program_that_ends_waits_for_a_change() -> None:
    """It is named, with its code, and started once more when there is something new."""
    with at_work(make(service(), FakeSpawner())) as bench:
        bench.until_started(1).code = 3
        bench.until(lambda: bench.said("ended with code 3; starts again on a change"))
        time.sleep(0.1)
        assert len(bench.runner.spawned) == 1
        bench.keeper.change({"src/orders/api.py"})
        bench.until_started(2)


def test_a_manifest_with_a_mistake_is_told_and_waited_for() -> None:
    """Until it is right, changes of code start nothing: they would start what was."""
    plans: list[Callable[[], DevService]] = []

    def plan_again(name: str) -> DevService:
        return plans[-1]()

    def wrong() -> DevService:
        raise ConfigError("service.toml: cpuu: unknown key", next_step="correct this")

    with at_work(make(service(), FakeSpawner(), plan_again=plan_again)) as bench:
        bench.until_started(1)
        plans.append(wrong)
        bench.keeper.change({"service.toml"})
        bench.until(lambda: bench.said("not started: service.toml: cpuu"))
        bench.keeper.change({"src/orders/api.py"})
        bench.until(lambda: bench.screen.getvalue().count("cpuu") == 2)
        assert len(bench.runner.spawned) == 1
        plans.append(lambda: service(program=command("python", "-m", "desk")))
        bench.keeper.change({"service.toml"})
        bench.until_started(2)
        bench.until(lambda: bench.said("started python -m desk"))


def test_what_is_needed_comes_first() -> None:
    """Its start is waited for, or its failure."""
    other = make(service(name="greeter"), FakeSpawner())
    with at_work(make(service(), FakeSpawner(), needed={"greeter": other.keeper})) as bench:
        time.sleep(0.1)
        assert not bench.runner.spawned
        other.keeper.settled.set()
        bench.until_started(1)


def test_what_never_answers_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have no such path."""
    monkeypatch.setattr(keeping, "WAITS", 0.05)
    other = make(service(name="greeter"), FakeSpawner())
    with at_work(make(service(), FakeSpawner(), needed={"greeter": other.keeper})) as bench:
        bench.until_started(1)
        assert bench.said("greeter does not answer yet; going on without it")


def test_a_job_ends_and_says_how(health: list[bool]) -> None:
    """Nobody asks it whether it answers; a signal's code is the shell's."""
    ends: list[int] = []
    bench = make(service(port=0, url="-"), FakeSpawner())
    bench.keeper.on_end = lambda: ends.append(bench.keeper.code)
    with at_work(bench):
        bench.until_started(1).code = -9
        bench.until(lambda: ends)
        assert ends == [137]
        assert bench.keeper.settled.wait(20)
        assert not bench.said("answers at")
