"""A console that remembers when it said what, so that a report can mark it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TextIO

from slipway.console import Console

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BEGIN, GOOD, BAD = "▸", "✓", "✗"
MARKED = ("rollout", "bake")
"""Steps of a deploy in which requests move, or may have to move back."""


@dataclass(frozen=True)
class Event:
    """One line of progress; `at` is the system's monotonic clock, `text` without colours.

    `own` is what the rehearsal itself says, and no deploy in it.
    """

    at: float
    text: str
    own: bool = False

    @property
    def marked(self) -> bool:
        """Whether it is one to mark in a chart: all steps of all deploys would be too many."""
        step = self.text.startswith((BEGIN, GOOD)) and self.text[2:].startswith(MARKED)
        return self.own or step or self.bad

    @property
    def bad(self) -> bool:
        """Whether a step failed."""
        return self.text.startswith(BAD)

    @property
    def label(self) -> str:
        """The text; a beginning needs no sign."""
        return self.text.removeprefix(f"{BEGIN} ")


@dataclass
class Recorder(Console):
    """Says everything as any console, and keeps what goes to stderr."""

    events: list[Event] = field(default_factory=list)

    def _write(self, stream: TextIO, text: str) -> None:
        if stream is self.err and text.strip():
            self.events.append(Event(time.monotonic(), _COLOUR.sub("", text)))
        super()._write(stream, text)

    def mark(self, text: str) -> None:
        """Say something of the rehearsal's own."""
        super()._write(self.err, f"{self._paint(BEGIN, '36')} {text}")
        self.events.append(Event(time.monotonic(), f"{BEGIN} {text}", own=True))
