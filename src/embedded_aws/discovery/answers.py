"""What a name means, by what is registered. Pure.

https://docs.aws.amazon.com/cloud-map/latest/dg/services-route-53.html says what AWS answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOST = 8
"""Addresses in one answer, as Route 53 gives them for multivalue records."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A name with instances: the addresses of the healthy ones, and for how many seconds."""

    addresses: tuple[str, ...]
    ttl: int


Zones = Mapping[str, Mapping[str, Entry]]
"""By namespace, then by service; a service without instances has no record, so it isn't there."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to say of a name of `zone`: whether there is such a name, and its addresses."""

    zone: str
    exists: bool
    addresses: tuple[str, ...] = ()
    ttl: int = 0


def answer(name: str, kind: str, zones: Zones) -> Answer | None:
    """The answer to a question for records of a kind (`A`); None for a name of nobody here."""
    plain = name.rstrip(".").lower()
    ours = [zone for zone in zones if plain == zone or plain.endswith(f".{zone}")]
    if not ours:
        return None
    zone = max(ours, key=len)
    label = plain.removesuffix(zone).rstrip(".")
    entry = zones[zone].get(label)
    if entry is None:
        return Answer(zone=zone, exists=not label)
    wanted = entry.addresses if kind in ("A", "ANY") else ()
    return Answer(zone=zone, exists=True, addresses=wanted, ttl=entry.ttl)
