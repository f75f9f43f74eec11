"""Which requests go where: no two services may claim the same, and none may be out of reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slipway.config.check import Problem
from slipway.config.layers import Merged, Tree

Place = tuple[str, str]
"""Host and path; an empty host is any."""


def route_problems(services: Mapping[str, Merged]) -> list[Problem]:
    """What is wrong between the routes of services in one environment."""
    ordered = [services[name] for name in sorted(services)]
    return [
        *_taken(ordered, "path", _place, "{0} goes to another service already ({1})"),
        *_taken(ordered, "priority", _priority, "{0} is taken already ({1}); each needs its own"),
        *_unreachable(ordered),
    ]


def _place(route: Tree) -> Place:
    return route["host"], route["path"]


def _priority(route: Tree) -> int:
    return int(route["priority"])


def _taken(
    services: list[Merged], key: str, what: Callable[[Tree], Any], reason: str
) -> Iterator[Problem]:
    """Services that have the same of something that each should have for itself."""
    first: dict[Any, Merged] = {}
    for service in services:
        wanted = what(service.values["route"])
        other = first.setdefault(wanted, service)
        if other is not service:
            shown = "".join(wanted) if isinstance(wanted, tuple) else wanted
            text = reason.format(shown, service.place(f"route.{key}"))
            yield Problem(place=other.place(f"route.{key}"), reason=text)


def _unreachable(services: list[Merged]) -> Iterator[Problem]:
    """Services whose every request goes to a wider route that comes first."""
    by_place = {_place(service.values["route"]): service for service in services}
    for service in services:
        route = service.values["route"]
        for wider in (by_place[place] for place in wider_places(route) if place in by_place):
            if wider.values["route"]["priority"] < route["priority"]:
                yield Problem(
                    place=service.place("route.priority"),
                    reason=f"{_shown(route)} needs a smaller priority than "
                    f"{_shown(wider.values['route'])} to be reached "
                    f"({wider.place('route.priority')})",
                )


def wider_places(route: Tree) -> list[Place]:
    """Every host and path that takes all requests of this one, and more."""
    host, path = _place(route)
    parts = path.split("/")
    above = ["/".join(parts[:count]) or "/" for count in range(1, len(parts))]
    paths = dict.fromkeys([*above, path])
    return [(h, p) for h in dict.fromkeys([host, ""]) for p in paths if (h, p) != (host, path)]


def _shown(route: Tree) -> str:
    return f"{route['host']}{route['path']} ({route['priority']})"
