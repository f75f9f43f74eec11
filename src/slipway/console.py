"""What a user sees: steps with their time, plain lines, tables, JSON.

On a terminal steps are coloured; elsewhere, and in CI, they are plain lines that appear only when
something changed. Everything but results goes to stderr, so that `--json` output can be piped.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

GAP = "  "
"""What is between two columns."""

NO_COLOURS: Mapping[str, str] = {}


def has_colours(stream: TextIO) -> bool:
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
        return has_colours(self.err)

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

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        optional: Sequence[str] = (),
        colours: Mapping[str, str] = NO_COLOURS,
    ) -> None:
        """A table on stdout, as wide as its content.

        `optional` are columns that a narrow terminal goes without, the first to go first; `colours`
        are those of whole cells at a terminal.
        """
        self.result(self.rendered(columns, rows, optional=optional, colours=colours))

    def rendered(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        optional: Sequence[str] = (),
        colours: Mapping[str, str] = NO_COLOURS,
    ) -> str:
        """The text of a `table`."""
        if optional and self.out.isatty():
            columns, rows = fitted(columns, rows, shutil.get_terminal_size().columns, optional)
        return render_table(columns, rows, colours if self.coloured else NO_COLOURS)

    @property
    def coloured(self) -> bool:
        """Whether results are read at a terminal that shows colours."""
        return has_colours(self.out)

    def demand_reader(self) -> None:
        """Raise `BrokenPipeError` where nobody reads results: who waits would not notice."""
        if closed(self.out):
            raise BrokenPipeError

    def _paint(self, text: str, colour: str) -> str:
        return paint(text, colour) if has_colours(self.err) else text

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


def render_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    colours: Mapping[str, str] = NO_COLOURS,
) -> str:
    """Columns padded to their widest cell, two spaces apart, no trailing blanks."""
    cells = [[str(cell) for cell in row] for row in (list(columns), *rows)]
    sizes = widths(cells)
    return "\n".join(
        GAP.join(
            paint(cell, colours[cell]) + " " * (size - len(cell))
            if cell in colours
            else cell.ljust(size)
            for cell, size in zip(row, sizes, strict=True)
        ).rstrip()
        for row in cells
    )


def fitted(
    columns: Sequence[str], rows: Sequence[Sequence[object]], room: int, optional: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """The table without as many of the `optional` columns as it takes to fit; pure.

    Where that is not enough, the widest column is cut.
    """
    left = list(range(len(columns)))
    cells = [[str(cell) for cell in row] for row in (list(columns), *rows)]
    for name in optional:
        if _wide([[row[column] for column in left] for row in cells]) <= room:
            break
        left.remove(columns.index(name))
    kept = [[row[column] for column in left] for row in cells]
    if (over := _wide(kept) - room) > 0:
        sizes = widths(kept)
        widest = sizes.index(max(sizes))
        most = max(sizes[widest] - over, 1)
        for row in kept:
            row[widest] = cut(row[widest], most)
    return kept[0], kept[1:]


def widths(cells: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column is."""
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def cut(text: str, room: int) -> str:
    """The text, or as much of it as there is room for."""
    return text if len(text) <= room else f"{text[: room - 1]}…"


def paint(text: str, colour: str) -> str:
    """The text in a colour of the terminal."""
    return f"\x1b[{colour}m{text}\x1b[0m"


def closed(stream: TextIO) -> bool:
    """Whether a stream is a pipe that nobody reads any more."""
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _wide(cells: Sequence[Sequence[str]]) -> int:
    sizes = widths(cells)
    return sum(sizes) + len(GAP) * (len(sizes) - 1)


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
