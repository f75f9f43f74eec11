"""The user's end of a session: this process's standard streams, whatever they are."""

from __future__ import annotations

import os
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

CHUNK = 1024
END = b"\x04"
"""End of input, as typed."""


@dataclass(frozen=True)
class Streams:
    """Input, output, and whether a person sits at both."""

    input: int
    output: int

    @property
    def interactive(self) -> bool:
        return os.isatty(self.input) and os.isatty(self.output)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, rows = os.get_terminal_size(self.output)
        return columns, rows

    def write(self, data: bytes) -> None:
        """Write all of it. Raises `BrokenPipeError` where nobody reads."""
        while data:
            data = data[os.write(self.output, data) :]

    def feed(self, take: Callable[[bytes], None]) -> None:
        """Hand on what is typed, or what is in a pipe with the end behind it, from a thread.

        It is not waited for: nothing ends a read from a terminal.
        """

        def read() -> None:
            while data := os.read(self.input, CHUNK):
                take(data)
            take(END)

        threading.Thread(target=read, daemon=True, name="input").start()

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Every key goes to the other side, Ctrl-C too; afterwards the terminal is as it was."""
        if not self.interactive:
            yield
            return
        before = termios.tcgetattr(self.input)
        try:
            tty.setraw(self.input)
            yield
        finally:
            termios.tcsetattr(self.input, termios.TCSADRAIN, before)


def standard() -> Streams:
    """This process's own."""
    return Streams(sys.stdin.fileno(), sys.stdout.fileno())
