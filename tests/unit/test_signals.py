"""Signals inside this process; with real processes they are in cli/test_binary.py."""

# A signal comes in the middle of a block, so the blocks have more than one statement.
# ruff: noqa: PT012

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from slipway import signals
from slipway.errors import Interrupted
from slipway.signals import Stopped, interruptible


def send(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def test_first_signal_stops_the_main_thread() -> None:
    """The main thread gets `Stopped`, which no `except Exception` swallows, and callbacks run."""
    called = threading.Event()
    with pytest.raises(Stopped) as stop, interruptible(on_first=called.set) as interrupts:
        send(signal.SIGTERM)
        time.sleep(5)
    assert stop.value.signal == interrupts.signal == signal.SIGTERM
    assert called.wait(1)
    assert isinstance(stop.value, KeyboardInterrupt)


def test_stopped_comes_once() -> None:
    """Who tidies up after `Stopped` is not stopped again."""
    with interruptible():
        with pytest.raises(Stopped):
            send()
            time.sleep(5)
        send()
        time.sleep(0.05)


def test_what_begins_after_the_first_signal_is_not_stopped_by_it() -> None:
    """Tidying up has a runner of its own, while what was under way before is still being told."""
    told, late, busy = threading.Event(), [], threading.Event()

    def slow() -> None:
        told.set()
        busy.wait(5)

    with interruptible(on_first=slow):
        with pytest.raises(Stopped):
            send()
            time.sleep(5)
        assert told.wait(1)
        signals.register(lambda: late.append("stopped"))
        busy.set()
    assert late == []


def test_what_was_heard_stops_nobody() -> None:
    """A thread's error told of the signal: that error is what the user is to see."""
    with interruptible() as interrupts:
        with pytest.raises(Interrupted), signals.deferred():
            send()
            interrupts.came.wait(5)
            raise Interrupted("a job says what it left")
        signals.heard()
        with signals.deferred():
            time.sleep(0.01)


def test_handlers_are_put_back() -> None:
    """After the block the process handles signals as before."""
    before = [signal.getsignal(number) for number in signals.HANDLED]
    with interruptible():
        assert [signal.getsignal(number) for number in signals.HANDLED] != before
    assert [signal.getsignal(number) for number in signals.HANDLED] == before
    assert signals.current() is None
    assert signal.set_wakeup_fd(-1) == -1


def test_deferred() -> None:
    """A block may put the end off, and is left as soon as it is done."""
    done = []
    with pytest.raises(Stopped), interruptible():
        with signals.deferred():
            send()
            done.append("inside")
        done.append("after")
    assert done == ["inside"]


def test_deferred_keeps_the_blocks_own_error() -> None:
    """An error of the block, which says more, goes before `Stopped`."""
    with pytest.raises(ValueError, match="mine"), interruptible(), signals.deferred():
        send()
        raise ValueError("mine")


def test_callbacks_may_take_locks() -> None:
    """A callback runs beside the main thread, which may hold the lock that it needs."""
    lock, got = threading.Lock(), threading.Event()

    def take() -> None:
        with lock:
            got.set()

    with pytest.raises(Stopped), interruptible(on_first=take), lock:
        send()
        time.sleep(5)
    assert got.wait(1)


def test_failing_callback(capfd: pytest.CaptureFixture[str]) -> None:
    """One callback that fails does not keep the others from running."""
    called = threading.Event()

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(Stopped), interruptible(on_first=fail):
        signals.register(called.set)
        send()
        time.sleep(5)
    assert called.wait(1)
    assert "while stopping: no" in capfd.readouterr().err


def test_sleep_ends_in_every_thread() -> None:
    """A thread that polls is woken, while the main thread waits for it."""
    with pytest.raises(Stopped), interruptible(), ThreadPoolExecutor() as pool:
        poll = pool.submit(signals.sleep, 30)
        send()
        poll.result()
    with pytest.raises(Interrupted):
        poll.result()


def test_sleep_without_handlers() -> None:
    """For callers from Python it is a plain sleep."""
    began = time.monotonic()
    signals.sleep(0.01)
    assert time.monotonic() - began >= 0.01


def test_inside_another_block() -> None:
    """An inner block changes nothing: the outer one has the say."""
    with interruptible() as outer, interruptible() as inner:
        assert inner is outer


def test_outside_the_main_thread() -> None:
    """In another thread, where Python allows no handlers, the block does nothing."""

    def work() -> bool:
        with interruptible() as interrupts:
            return interrupts.signal == 0 and signals.current() is None

    with ThreadPoolExecutor() as pool:
        assert pool.submit(work).result()


def test_no_descriptor_is_left() -> None:
    """Going in and out leaves no open file."""
    with interruptible():
        inside = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        with interruptible():
            pass
    assert len(os.listdir("/proc/self/fd")) == inside - 2  # noqa: PTH208
