"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

from invoke.exceptions import Exit

from slipway.errors import SlipwayError
from slipway.model import Verdict

R = TypeVar("R", bound="int | Verdict | None")


def guarded(work: Callable[[], R], name: str) -> R:
    """Do the work of a task; ends the program with one message where it fails."""
    try:
        outcome = work()
    except Exit:
        raise
    except SlipwayError as error:
        raise Exit(told(error), error.exit_code) from error
    except KeyboardInterrupt as error:
        raise Exit(f"error: {name} was interrupted", 130) from error
    except Exception as error:
        raise Exit(f"error: internal error: {type(error).__name__}: {error}", 1) from error
    if code := exit_code(outcome):
        raise Exit(code=code)
    return outcome


def told(error: SlipwayError) -> str:
    """What the user sees of an error."""
    debug()
    return f"error: {error}"


def exit_code(outcome: int | Verdict | None) -> int:
    """What a task's return value exits with."""
    return outcome.exit_code if isinstance(outcome, Verdict) else outcome or 0


def debug() -> None:
    """With SLIPWAY_DEBUG=1, the traceback of the error at hand."""
    if os.environ.get("SLIPWAY_DEBUG") == "1":
        traceback.print_exc(file=sys.stderr)
