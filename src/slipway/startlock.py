"""The right to start the embedded AWS of a checkout: one command at a time has it."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.console import Console
from slipway.errors import LockedError

PATIENCE = 300.0
"""Seconds to wait for another command that is starting it, and may be building its image."""


@contextmanager
def alone(home: Path, console: Console, *, look: str) -> Iterator[None]:
    """Hold the right; whoever comes second waits. Makes `home` private to the user.

    Raises `LockedError` after `PATIENCE`; `look` is the file to look into then.
    """
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    deadline = time.monotonic() + PATIENCE
    with (home / "lock").open("w") as file:
        told = False
        while not _locked(file.fileno()):
            if time.monotonic() > deadline:
                raise LockedError(
                    f"another command has been starting the embedded AWS for {PATIENCE:.0f} s",
                    next_step=f"look into {look}",
                )
            if not told:
                console.line("another command is starting the embedded AWS; waiting for it")
            told = True
            time.sleep(0.1)
        yield


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
