"""A line as a person reads it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slipway.console import paint
from slipway.logs.query import fields_of
from slipway.logs.source import Event

MESSAGE = ("event", "message", "msg")
TRACES = ("exception", "traceback", "stack", "stack_info")
"""Fields that hold many lines."""

KNOWN = ("timestamp", "time", "service", "level", "request_id")
"""Fields that have a place of their own, or tell again what the line does."""

LEVELS: Mapping[str, str] = {
    "debug": "2",
    "info": "32",
    "warning": "33",
    "error": "31",
    "critical": "1;31",
}
PREFIXES = ("36", "35", "34", "33", "32", "31")
DIM = "2"

CONTROL = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"
}
"""What a line must not do to the reader's terminal."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """How lines look: with colours or not, and with which services in front (one: none)."""

    coloured: bool
    services: Sequence[str]

    def line(self, event: Event) -> str:
        """Time (UTC), level, message, request, the rest; exceptions below."""
        fields = fields_of(event.message)
        first, *below = self._structured(fields) if fields else self._plain(event.message)
        prefix = self._prefix(event.service)
        lines = [f"{self._paint(clock(event.at), DIM)} {first}", *(f"    {text}" for text in below)]
        return "\n".join(prefix + line for line in lines)

    def _plain(self, message: str) -> list[str]:
        return clean(message).splitlines() or [""]

    def _structured(self, fields: Mapping[str, Any]) -> list[str]:
        level = str(fields.get("level", ""))
        name = next((name for name in MESSAGE if name in fields), "")
        request = fields.get("request_id")
        traces = [name for name in TRACES if isinstance(fields.get(name), str)]
        rest = [
            f"{key}={value_of(value)}"
            for key, value in fields.items()
            if key not in (*KNOWN, *traces, name)
        ]
        parts = [
            self._paint(clean(level).ljust(8), LEVELS.get(level, "")) if level else "",
            clean(str(fields.get(name, ""))),
            f"[{clean(str(request))}]" if request else "",
            self._paint(clean(" ".join(rest)), DIM),
        ]
        below = [text for name in traces for text in clean(fields[name]).splitlines()]
        return [" ".join(filter(None, parts)).replace("\n", "\\n"), *below]

    def _prefix(self, service: str) -> str:
        if len(self.services) < 2:
            return ""
        width = max(map(len, self.services))
        colour = PREFIXES[list(self.services).index(service) % len(PREFIXES)]
        return f"{self._paint(service.ljust(width), colour)} "

    def _paint(self, text: str, colour: str) -> str:
        return paint(text, colour) if self.coloured and colour and text else text


def clock(at: int) -> str:
    """Milliseconds since the epoch as UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def value_of(value: object) -> str:
    """A field's value: text as it is where it has no blanks, else as JSON."""
    plain = isinstance(value, str) and value and not any(c.isspace() or c == '"' for c in value)
    return str(value) if plain else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def clean(text: str) -> str:
    """The text without what a terminal would obey."""
    return text.translate(CONTROL)


def document(event: Event) -> dict[str, object]:
    """What `--json` shows: a line's fields where it has some, else its text."""
    return {
        "at": datetime.fromtimestamp(event.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "service": event.service,
        "task": event.task,
        "message": fields_of(event.message) or event.message,
    }
