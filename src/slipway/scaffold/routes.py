"""Which requests a new service can take beside those that are there; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FIRST = 100
STEP = 10
"""New priorities are multiples of this, which leaves room for routes inside others."""
HIGHEST = 49999
"""ELBv2's limit for a rule's priority."""

PROBED = ("/health", "/ready", "/metrics")
"""Paths that every service answers at its root, whatever its route."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What another service claims, in some environment."""

    service: str
    path: str
    host: str
    priority: int


def path_problem(path: str, taken: Iterable[Taken]) -> str:
    """Why a new service can't have this path; empty when it can."""
    owners = [route.service for route in taken if (route.path, route.host) == (path, "")]
    if owners:
        return f"{path} goes to {owners[0]} already"
    inside = [probe for probe in PROBED if below(path, probe)]
    return f"{inside[0]} is every service's own" if inside else ""


def free_priority(path: str, taken: Sequence[Taken]) -> int | None:
    """The nearest free priority from `FIRST` on; None when there is none."""
    return shared_priority([(path, "")], taken)


def shared_priority(routes: Iterable[tuple[str, str]], taken: Sequence[Taken]) -> int | None:
    """The same for a service that has these paths and hosts, each in another environment."""
    free = set.intersection(*(set(_free(path, taken, host)) for path, host in routes))
    return min(free, key=_preference, default=None)


def priority_problem(path: str, priority: str, taken: Sequence[Taken]) -> str:
    """Why a new service can't have this priority; empty when it can."""
    free = _free(path, taken)
    if priority.isdecimal() and int(priority) in free:
        return ""
    other = f"{min(free, key=_preference)} is" if free else "none is"
    return f"not free for {path}; {other}"


def _free(path: str, taken: Sequence[Taken], host: str = "") -> list[int]:
    """Every priority that a route may have.

    The smallest that fits wins in a load balancer, so it must be above those of routes below
    `path` and under those of routes that `path` is below of. A route without a host is wider than
    one with a host.
    """
    used = {route.priority for route in taken}
    inside = [r for r in taken if host in ("", r.host) and below(r.path, path)]
    low = max((route.priority for route in inside), default=0)
    above = [r.priority for r in taken if r.host in ("", host) and below(path, r.path)]
    high = min(above, default=HIGHEST + 1)
    return [number for number in range(low + 1, high) if number not in used]


def below(path: str, top: str) -> bool:
    """Whether `path` is `top` or something under it."""
    return path == top or path.startswith(top.rstrip("/") + "/")


def _preference(number: int) -> tuple[bool, bool, int]:
    """Round numbers first; of them those from `FIRST` on, of these the nearest."""
    return bool(number % STEP), number < FIRST, abs(number - FIRST)
