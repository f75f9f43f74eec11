"""Which lines are wanted: since when, of what kind, with what in them. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from slipway.errors import UsageError

Kind = Literal["app", "access", "errors"]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
AGO = re.compile(r"(\d+)([smhd])")

FIELDS = {
    "access": '$.logger = "*.access"',
    "errors": '($.level = "error" || $.level = "critical")',
}
"""How lines of a kind are told apart in the group that has all of them; docs/infrastructure.md."""

PATTERNS = ("{", "[", '"', "?", "%", "-")
"""What a pattern of CloudWatch begins with; anything else is a text to look for."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Lines since `since` (milliseconds since the epoch).

    `text` is looked for as it stands, unless it is a pattern of CloudWatch. `version` is that of
    the code that wrote them. `sifts`: the group has lines of other kinds as well.
    """

    since: int
    kind: Kind = "app"
    text: str = ""
    version: str = ""
    sifts: bool = True

    @property
    def pattern(self) -> str:
        """CloudWatch's filter pattern: it has one, of text or of fields; `fits` does the rest."""
        if self.text:
            return self.text if is_pattern(self.text) else json.dumps(self.text, ensure_ascii=False)
        fields = [FIELDS[self.kind]] if self.sifts and self.kind in FIELDS else []
        if self.version:
            fields.append(f"$.version = {json.dumps(self.version)}")
        return f"{{ {' && '.join(fields)} }}" if fields else ""

    def fits(self, message: str) -> bool:
        """Whether a line that CloudWatch gave is one that was asked for."""
        if self.text and not is_pattern(self.text) and self.text not in message:
            return False
        if not self.version and not (self.sifts and self.kind in FIELDS):
            return True
        fields = fields_of(message)
        if self.version and fields.get("version") != self.version:
            return False
        return not self.sifts or of_kind(fields, self.kind)


def is_pattern(text: str) -> bool:
    """Whether it is meant as a filter pattern of CloudWatch."""
    return text.startswith(PATTERNS)


def fields_of(message: str) -> dict[str, Any]:
    """The fields of a line of JSON; none of another one."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def of_kind(fields: dict[str, Any], kind: Kind) -> bool:
    """Whether a line with these fields is of this kind."""
    if kind == "access":
        return str(fields.get("logger", "")).endswith(".access")
    return kind == "app" or fields.get("level") in ("error", "critical")


def moment(text: str, now: datetime) -> int:
    """`15m`, `2h`, `2026-11-28` or `2026-11-28T10:00:00+01:00` in milliseconds since the epoch.

    A time without a zone is UTC, as those that are shown. Raises `UsageError`.
    """
    if ago := AGO.fullmatch(text):
        return _milliseconds(text, now - timedelta(**{UNITS[ago[2]]: int(ago[1])}), now)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _no_moment(text, "neither a duration nor a time") from None
    return _milliseconds(text, found if found.tzinfo else found.replace(tzinfo=UTC), now)


def _milliseconds(text: str, found: datetime, now: datetime) -> int:
    if found > now:
        raise _no_moment(text, "in the future")
    return max(int(found.timestamp() * 1000), 0)


def _no_moment(text: str, why: str) -> UsageError:
    return UsageError(
        f"logs: --since={text}: {why}",
        next_step="such as --since=15m, --since=2h, --since=1d or --since=2026-11-28T10:00 (UTC)",
    )
