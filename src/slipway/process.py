"""A child process that somebody looks after; `slipway.runner` starts it."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

OnChunk = Callable[[str], None]

QUIET = 0.3
"""Seconds after which what a child printed last is all for now: a prompt, if no line ends there."""


class Process(Protocol):
    """A child that goes on until it ends or is stopped."""

    def poll(self) -> int | None:
        """Its exit code once it has ended and all that it printed was handed over, else None."""
        ...

    def write(self, text: str) -> None:
        """Feed its stdin; what has ended takes nothing."""
        ...

    def stop(self, patience: float) -> None:
        """Send TERM, and KILL to all of it that is still there `patience` s later."""
        ...


class Attended:
    """`Process`, with a thread that reads what it prints."""

    def __init__(
        self, child: subprocess.Popen[str], on_chunk: OnChunk, among: set[subprocess.Popen[str]]
    ) -> None:
        self._child, self._among = child, among
        self._reader = threading.Thread(target=_follow, args=(child, on_chunk), daemon=True)
        self._reader.start()

    def poll(self) -> int | None:
        code = self._child.poll()
        if code is not None and self._child in self._among:
            self._ended()
        return code

    def write(self, text: str) -> None:
        assert self._child.stdin
        with suppress(OSError, ValueError):
            self._child.stdin.write(text)
            self._child.stdin.flush()

    def stop(self, patience: float) -> None:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self._child.pid, signal.SIGTERM)
            self._child.wait(patience)
        self._ended()

    def _ended(self) -> None:
        # What it started itself would keep its port, and our reader waiting.
        kill(self._child)
        self._child.wait()
        self._reader.join()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                assert pipe
                pipe.close()
        self._among.discard(self._child)


def kill(child: subprocess.Popen[str]) -> None:
    """End a child and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _follow(child: subprocess.Popen[str], on_chunk: OnChunk) -> None:
    assert child.stdout
    number = child.stdout.fileno()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        if not select.select([number], [], [], QUIET)[0]:
            on_chunk("")
        elif chunk := os.read(number, 65_536):
            on_chunk(decoder.decode(chunk))
        else:
            return
