"""What a user sees of an apply under way: what is done, and what takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from slipway.infra.failures import event_of

EVERY = 30
"""Seconds between two lines about the same resource; Terraform itself tells every 10."""

_ENDED = ("apply_complete", "apply_errored")


@dataclass
class Progress:
    """Takes Terraform's events line by line, shows some, and remembers what was done."""

    label: str
    show: Callable[[str], None]
    done: list[str] = field(default_factory=list)
    _told: dict[str, int] = field(default_factory=dict)

    def __call__(self, line: str) -> None:
        event = event_of(line)
        kind = event.get("type", "")
        if kind == "apply_complete":
            self.done.append(_address(event))
        if kind in _ENDED or (kind == "apply_progress" and self._due(event)):
            self.show(f"{self.label}: {event['@message']}")

    def _due(self, event: dict[str, Any]) -> bool:
        """Whether the resource has taken `EVERY` seconds more since we last told of it."""
        address, period = _address(event), int(event["hook"].get("elapsed_seconds", 0)) // EVERY
        if period <= self._told.get(address, 0):
            return False
        self._told[address] = period
        return True


def _address(event: dict[str, Any]) -> str:
    return str(event["hook"]["resource"]["addr"])
