"""Lines of services as they are shown: JSON made readable, or left as it is; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

Mode = Literal["readable", "raw", "json"]
"""For a terminal; for a pipe; one JSON object a line."""

TIMES = ("timestamp", "time", "ts")
LEVELS = ("level", "levelname", "severity")
MESSAGES = ("event", "message", "msg")
TRACES = ("exception", "exc_info", "stack")
KNOWN = (*TIMES, *LEVELS, *MESSAGES, *TRACES, "service", "version")
"""What is shown in a place of its own, or was known before."""

COLOURS = ("36", "33", "35", "32", "34", "96", "93", "95", "92", "94")
LEVEL_COLOURS = {"debug": "2", "warning": "33", "warn": "33", "error": "31", "critical": "31"}
FAINT = "2"


@dataclass(frozen=True, kw_only=True)
class Look:
    """How lines are shown: `names` decides about their colours and the width of the first column.

    `zone` is where times are shown (None: this machine's).
    """

    mode: Mode
    colours: bool
    names: tuple[str, ...]
    zone: tzinfo | None = None

    def shown(self, name: str, line: str) -> list[str]:
        """A service's line as lines for the user."""
        if self.mode == "json":
            return [_as_json(name, line)]
        text = self.readable(line) if self.mode == "readable" else line
        return [f"{self.prefix(name)}{part}" for part in text.split("\n")]

    def prefix(self, name: str) -> str:
        """What a line of this service begins with."""
        width = max(map(len, self.names), default=0)
        colour = COLOURS[self.names.index(name) % len(COLOURS)] if name in self.names else FAINT
        return f"{self.paint(f'{name:<{width}} |', colour)} "

    def readable(self, line: str) -> str:
        """A line of JSON as a person reads it; any other as it is."""
        fields = parsed(line)
        message = _first(fields, MESSAGES)
        if message is None:
            return line
        level = str(_first(fields, LEVELS) or "info").lower()
        words = (
            self.paint(self._time(_first(fields, TIMES)), FAINT),
            self.paint(f"{level:<7}", LEVEL_COLOURS.get(level, "32")),
            str(message),
            *(self.paint(f"{key}=", FAINT) + _value(fields[key]) for key in _rest(fields)),
        )
        traces = [str(fields[key]).rstrip("\n") for key in TRACES if fields.get(key)]
        return "\n".join([" ".join(filter(None, words)), *traces])

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, where there are colours."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colours and text else text

    def _time(self, value: object) -> str:
        """The time of day; what is no time stays as it is."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return str(value or "")
        local = moment.astimezone(self.zone) if moment.tzinfo else moment
        return local.strftime("%H:%M:%S")


def parsed(line: str) -> Mapping[str, Any]:
    """The object in a line of JSON, empty where it is none."""
    if not line.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def split(rest: str, chunk: str) -> tuple[list[str], str]:
    """The lines that a chunk completes, and what is left of it."""
    *lines, left = f"{rest}{chunk}".split("\n")
    return [line.removesuffix("\r") for line in lines], left


def _as_json(name: str, line: str) -> str:
    fields = parsed(line) or {"event": line}
    return json.dumps({**fields, "service": name}, ensure_ascii=False)


def _first(fields: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((fields[key] for key in keys if key in fields), None)


def _rest(fields: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in fields if key not in KNOWN)


def _value(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if " " in value or not value else value
    return json.dumps(value, ensure_ascii=False, default=str)
