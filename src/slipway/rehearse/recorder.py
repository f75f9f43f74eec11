"""A console that remembers when it said what, so that a report can mark it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TextIO

from slipway.console import Console

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BEGIN, GOOD, BAD = "▸", "✓", "✗"


@dataclass(frozen=True)
class Event:
    """One line of progress; `at` is the system's monotonic clock, `text` without colours."""

    at: float
    text: str

    @property
    def marked(self) -> bool:
        """Whether it is one to mark in a chart: a step that begins, or one that failed."""
        return self.text.startswith((BEGIN, BAD))

    @property
    def label(self) -> str:
        """The text without its sign."""
        return self.text.lstrip(f"{BEGIN}{GOOD}{BAD}! ")


@dataclass
class Recorder(Console):
    """Says everything as any console, and keeps what goes to stderr."""

    events: list[Event] = field(default_factory=list)

    def _write(self, stream: TextIO, text: str) -> None:
        if stream is self.err and text.strip():
            self.events.append(Event(time.monotonic(), _COLOUR.sub("", text)))
        super()._write(stream, text)

    def mark(self, text: str) -> None:
        """Say something that the report marks."""
        self.line(f"{self._paint(BEGIN, '36')} {text}")
