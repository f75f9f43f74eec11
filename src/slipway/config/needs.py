"""Which services come before which: those that are needed can be called, and none needs itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.config.check import Problem
from slipway.config.layers import Merged
from slipway.config.nearest import did_you_mean, nearest

Needs = Mapping[str, tuple[str, ...]]
"""The services that each service needs."""


def need_problems(services: Mapping[str, Merged]) -> list[Problem]:
    """What is wrong with the needs of the services of one environment."""
    needs = {name: tuple(merged.values["needs"]) for name, merged in services.items()}
    return [*_unknown(services, needs), *_circular(services, needs)]


def _unknown(services: Mapping[str, Merged], needs: Needs) -> Iterator[Problem]:
    for name, needed in needs.items():
        for one in needed:
            if one not in services:
                meant = did_you_mean(nearest(one, services))
                place = services[name].place("needs")
                yield Problem(place=place, reason=f"no service called {one!r}{meant}")
            elif services[one].values["kind"] != "web":
                place = services[name].place("needs")
                reason = f"{one} is a job, which nobody can call; remove it"
                yield Problem(place=place, reason=reason)


def _circular(services: Mapping[str, Merged], needs: Needs) -> Iterator[Problem]:
    for cycle in cycles(needs):
        path = " → ".join((*cycle, cycle[0]))
        place = services[cycle[0]].place("needs")
        yield Problem(place=place, reason=f"{path}: each would wait for the other; remove one")


def cycles(needs: Needs) -> list[tuple[str, ...]]:
    """Each way round that ends where it began, once, from its first service by name."""
    found: dict[tuple[str, ...], None] = {}
    done: set[str] = set()
    for name in sorted(needs):
        _follow(name, (), needs, done, found)
    return list(found)


def _follow(
    name: str,
    above: tuple[str, ...],
    needs: Needs,
    done: set[str],
    found: dict[tuple[str, ...], None],
) -> None:
    if name in above:
        around = above[above.index(name) :]
        first = around.index(min(around))
        found.setdefault((*around[first:], *around[:first]))
        return
    if name in done:
        return
    for one in sorted(needs.get(name, ())):
        _follow(one, (*above, name), needs, done, found)
    done.add(name)
