"""What a user sees: steps with their time, plain lines, tables, JSON.

On a terminal steps are coloured; elsewhere, and in CI, they are plain lines that appear only when
something changed. Everything but results goes to stderr, so that `--json` output can be piped.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


def colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that may be coloured."""
    return stream.isatty() and "NO_COLOR" not in os.environ and "CI" not in os.environ


def _nothing(event: str, **values: object) -> None:
    """Nobody keeps a journal."""


@dataclass
class Step:
    """A step under way; set `outcome` to say more than its time when it ends."""

    outcome: str = ""


@dataclass
class Console:
    """Writes for one run of one command. Safe to use from several threads.

    `journal` gets each event by its name, and what is known of it.
    """

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    verbose: bool = False
    journal: Callable[..., None] = _nothing
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def interactive(self) -> bool:
        """Whether a person watches: a terminal, and no CI."""
        return colours(self.err)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce `title`, run the block, say how long it took (s) or that it failed."""
        self._write(self.err, f"{self._paint('▸', '36')} {title}")
        step, began = Step(), time.monotonic()
        self.journal("step", title=title, state="began")
        try:
            yield step
        except BaseException:
            self._write(self.err, f"{self._paint('✗', '31')} {title}  {_seconds(began)}")
            self._ended(title, "failed", began)
            raise
        self._ended(title, "ended", began)
        outcome = f": {step.outcome}" if step.outcome else ""
        self._write(self.err, f"{self._paint('✓', '32')} {title}{outcome}  {_seconds(began)}")

    def _ended(self, title: str, state: str, began: float) -> None:
        seconds = round(time.monotonic() - began, 3)
        self.journal("step", title=title, state=state, seconds=seconds)

    def line(self, text: str = "", *, indent: int = 0) -> None:
        """Progress or explanation, to stderr."""
        self._write(self.err, " " * indent + text)

    def detail(self, text: str) -> None:
        """A line of some tool's own output, indented."""
        self.line(text, indent=4)

    def warn(self, text: str) -> None:
        """Something that the user should know and that stops nothing."""
        self._write(self.err, f"{self._paint('!', '33')} {text}")
        self.journal("warning", text=text)

    def result(self, text: str) -> None:
        """What the command was asked for, to stdout."""
        self._write(self.out, text)

    def part(self, text: str) -> None:
        """The beginning of a line on stdout that somebody else ends."""
        self._put(self.out, text)

    def json(self, value: object) -> None:
        """What the command was asked for, as JSON on stdout."""
        self.result(json.dumps(value, indent=2, default=str))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table on stdout, as wide as its content."""
        self.result(render_table(columns, rows))

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if colours(self.err) else text

    def _write(self, stream: TextIO, text: str) -> None:
        self._put(stream, text + "\n")

    def _put(self, stream: TextIO, text: str) -> None:
        with self._lock:
            try:
                stream.write(text)
                stream.flush()
            except BrokenPipeError:
                # Ctrl-C ended the `tee` behind us: what is under way has to be tidied up unseen.
                if stream is not self.err:
                    raise


def render_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns padded to their widest cell, two spaces apart, no trailing blanks."""
    cells = [[str(cell) for cell in row] for row in (list(columns), *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
