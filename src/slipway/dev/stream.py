"""One stream out of the lines of all services; and what is typed goes to who asked for it."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from slipway.console import Console
from slipway.dev.logs import Look, split
from slipway.process import OnChunk, Process


@dataclass
class Stream:
    """Writes whole lines, one at a time; safe to use from the threads of all services.

    A line that doesn't end is a prompt, of a debugger say: it is shown where somebody can answer.
    `closed` is called, once, when nobody reads the stream any more.
    """

    console: Console
    look: Look
    closed: Callable[[], None]
    _rest: dict[str, str] = field(default_factory=dict)
    _prompt: str = ""
    _asked: str = ""
    broken: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str) -> OnChunk:
        """What takes the output of a service, in chunks."""

        def take(chunk: str) -> None:
            with self._lock:
                lines, self._rest[name] = split(self._rest.get(name, ""), chunk)
                for line in lines:
                    self._line(name, line)
                if not chunk and self._rest[name] and self.look.mode == "readable":
                    self._ask(name)

        return take

    def say(self, name: str, text: str) -> None:
        """A line of ours about a service."""
        with self._lock:
            for line in text.splitlines():
                shown = self.look.paint(line, "1") if self.look.mode == "readable" else line
                self._line(name, shown)

    def end(self, name: str) -> None:
        """Show what a service that has ended said last, without an end of line."""
        with self._lock:
            if rest := self._rest.pop(name, ""):
                self._line(name, rest)

    def answered(self) -> str:
        """Who asked last: what was typed is for him, also where he is still about to ask again."""
        with self._lock:
            self._prompt = ""  # the terminal has ended that line
            return self._asked

    def _line(self, name: str, line: str) -> None:
        if self._prompt:
            self._write(self.console.result, "")
            self._prompt = ""
        for shown in self.look.shown(name, line):
            self._write(self.console.result, shown)

    def _ask(self, name: str) -> None:
        self._write(self.console.part, self.look.prefix(name) + self._rest.pop(name))
        self._prompt = self._asked = name

    def _write(self, how: Callable[[str], None], text: str) -> None:
        if self.broken:
            return
        try:
            how(text)
        except BrokenPipeError:
            self.broken = True
            self.closed()


def answer(
    stream: Stream, processes: Callable[[str], Process | None], stop: threading.Event
) -> None:
    """Pass on what is typed to the service that asked, until `stop`; at a terminal only.

    Who runs in the background is not asked: reading would halt it.
    """
    number = sys.stdin.fileno()
    while not stop.is_set():
        if not select.select([number], [], [], 0.3)[0]:
            continue
        if in_background(number):
            stop.wait(0.3)
            continue
        typed = os.read(number, 4096)
        if not typed:
            return
        process = processes(stream.answered())
        if process:
            process.write(typed.decode(errors="replace"))


def in_background(terminal: int) -> bool:
    """Whether the terminal is somebody else's for now, whom we would be halted for."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # it is no process's at all
        return False
