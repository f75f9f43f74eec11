"""INT and TERM, alike: the first asks the work to stop, the second ends it at once.

Python runs signal handlers in the main thread between two steps of whatever it is doing there, so
a handler may not take a lock: the main thread may hold it. What a signal sets off is therefore done
by a thread of its own, which the operating system wakes through a pipe. It is there even when the
main thread is busy in C code. The handler itself only raises, to get the main thread moving.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from slipway.errors import Interrupted

Callback = Callable[[], None]

HANDLED = (signal.SIGINT, signal.SIGTERM)

DEBOUNCE = 0.3
"""Seconds within which signals count as one: a terminal and a parent may both pass on a Ctrl-C."""


class Stopped(KeyboardInterrupt):
    """A signal asks the main thread to stop; `signal` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = number


@dataclass
class Interrupts:
    """What is to be done on a signal, and whether one has come.

    `signal` is the number of the first one. `last_words` says what may still be going on when the
    second one ends the program.
    """

    signal: int = 0
    last_words: str = "stopped at once: what was under way may still be going on"
    came: threading.Event = field(default_factory=threading.Event)
    first: list[Callback] = field(default_factory=list)
    second: list[Callback] = field(default_factory=list)
    deferred: int = 0
    _stopped: bool = False

    def stop(self) -> None:
        """Raise `Stopped` if a signal came, once, and not where it is put off."""
        if self.signal and not self.deferred and not self._stopped:
            self._stopped = True
            raise Stopped(self.signal)


_current: Interrupts | None = None
"""Signal handlers belong to the process, and so does this."""


def current() -> Interrupts | None:
    """What `interruptible` set up, if we are inside it."""
    return _current


def heard() -> None:
    """Take notice of the signal that came: whoever tidies up is not stopped by it once more."""
    if _current:
        _current._stopped = True


def register(on_first: Callback | None = None, on_second: Callback | None = None) -> None:
    """Call these on the first and on the second signal of the `interruptible` around us.

    What begins after the first one is the tidying up, and is not stopped by it. Outside of such a
    block nothing happens: who calls the engine from Python keeps Python's own handling.
    They run in a thread of their own and may take locks.
    """
    if _current and on_first and not _current.signal:
        _current.first.append(on_first)
    if _current and on_second:
        _current.second.append(on_second)


def sleep(seconds: float) -> None:
    """`time.sleep` for whatever thread polls: a signal ends it with `Interrupted`."""
    state = _current
    if state is None:
        time.sleep(seconds)
    elif state.came.wait(seconds):
        raise Interrupted("stopped while waiting", signal=state.signal)


@contextmanager
def deferred() -> Iterator[None]:
    """Put off `Stopped` until the end of the block, which may have a way of its own to end sooner.

    A child process, for one, is told by `SubprocessRunner.interrupt`, and gets time to tidy up.
    """
    state = _current
    if state is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    state.deferred += 1
    try:
        yield
    finally:
        state.deferred -= 1
    state.stop()


@contextmanager
def interruptible(
    *, on_first: Callback | None = None, on_second: Callback | None = None
) -> Iterator[Interrupts]:
    """Handle INT and TERM for the time of the block.

    The first signal raises `Stopped` in the main thread, and calls what is registered. The second
    one calls its callbacks and ends the process with 128 plus its number. Outside the main thread,
    and inside another such block, it changes nothing.
    """
    global _current
    if _current or threading.current_thread() is not threading.main_thread():
        yield _current or Interrupts()
        return
    state = _current = Interrupts()
    register(on_first, on_second)
    try:
        with _watched(state), _handled(state):
            yield state
    finally:
        _current = None


@contextmanager
def hanging_up() -> Iterator[None]:
    """Take the end of the terminal for TERM: what we started would go on without us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def _handled(state: Interrupts) -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        state.signal = state.signal or number
        state.stop()

    before = {number: signal.signal(number, handle) for number in HANDLED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _watched(state: Interrupts) -> Iterator[None]:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(state, reading), daemon=True, name="signals")
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _watch(state: Interrupts, reading: int) -> None:
    """Act on each signal until the pipe is closed."""
    began = 0.0
    while byte := os.read(reading, 1):
        number = byte[0]
        if number not in HANDLED:
            continue
        if not began:
            began, state.signal = time.monotonic(), number
            state.came.set()
            _call(state.first)
        elif time.monotonic() - began > DEBOUNCE:
            _call(state.second)
            _leave(state, number)


def _call(callbacks: list[Callback]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception as error:  # one that fails must not keep the next from running
            print(f"! while stopping: {error}", file=sys.stderr)


def _leave(state: Interrupts, number: int) -> None:
    # Neither print nor sys.exit: another thread may hold the stream's lock, or never end.
    os.write(2, f"\n{state.last_words}\n".encode())
    os._exit(128 + number)
