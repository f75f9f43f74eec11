"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from invoke.exceptions import Exit, UnexpectedExit

from slipway.console import closed
from slipway.errors import Interrupted, SlipwayError
from slipway.model import Verdict
from slipway.signals import Interrupts, interruptible

R = TypeVar("R", bound="int | Verdict | None")

STDOUT_CLOSED = 128 + signal.SIGPIPE
"""What shells report for a program that wrote to a pipe which nobody reads any more."""

PATIENCE = 0.5
"""Seconds after a signal until we say that the work is still ending."""


def guarded(work: Callable[[], R], name: str) -> R:
    """Do the work of the task `name`; end the program with one message where it fails.

    A signal decides the exit code however the work ended: the next task must not start.
    """
    patience = threading.Timer(PATIENCE, _say_stopping)
    patience.daemon = True
    with interruptible(on_first=patience.start) as interrupts:
        try:
            outcome = work()
            sys.stdout.flush()
        except (Exit, UnexpectedExit):
            raise
        except BaseException as error:
            raise ending(error, name, interrupts) from error
        finally:
            patience.cancel()
    code = 128 + interrupts.signal if interrupts.signal else exit_code(outcome)
    if code:
        raise Exit(code=code)
    return outcome


def ending(error: BaseException, name: str, interrupts: Interrupts) -> BaseException:
    """The `Exit` for an error; what is no business of ours comes back as it is."""
    number = interrupts.signal or getattr(error, "signal", 0)
    if isinstance(error, SlipwayError):
        if not error.next_step:
            error.next_step = f"uv run invoke {name} --help"
        return Exit(told(error), 128 + number if number else error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        number = number or signal.SIGINT
        stopped = Interrupted(f"{name} was stopped by {signal.Signals(number).name}")
        return Exit(told(stopped), 128 + number)
    # A broken pipe may be some other one.
    if isinstance(error, BrokenPipeError) and closed(sys.stdout):
        _drop_stdout()
        return Exit(code=STDOUT_CLOSED)
    if isinstance(error, Exception):
        return Exit(told(_internal(error)), 128 + number if number else 1)
    return error


def told(error: SlipwayError) -> str:
    """What the user sees of an error; with SLIPWAY_DEBUG=1 its traceback goes first."""
    if os.environ.get("SLIPWAY_DEBUG") == "1":
        traceback.print_exc(file=sys.stderr)
    return f"error: {error}"


def exit_code(outcome: int | Verdict | None) -> int:
    """What a task's return value exits with."""
    return outcome.exit_code if isinstance(outcome, Verdict) else outcome or 0


def _internal(error: Exception) -> SlipwayError:
    record = _recorded(error)
    look = f"see {record}, or run it" if record else "run it"
    return SlipwayError(
        f"internal error: {type(error).__name__}: {error}",
        next_step=f"{look} again with SLIPWAY_DEBUG=1 for the traceback",
    )


def _recorded(error: Exception) -> Path | None:
    """Where the traceback was written, if it could be."""
    from slipway.paths import find_checkout

    try:
        checkout = find_checkout()
        record = checkout.work / "crash.log"
        record.parent.mkdir(exist_ok=True)
        record.write_text("".join(traceback.format_exception(error)))
    except (OSError, SlipwayError):
        return None
    return Path(checkout.shown(record))


def _say_stopping() -> None:
    sys.stderr.write("! stopping, and tidying up; a second signal leaves at once\n")
    sys.stderr.flush()


def _drop_stdout() -> None:
    # Python writes what is left in the buffer when it ends, and would complain about the pipe.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
