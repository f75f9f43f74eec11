"""Which services go first, and which wait in vain; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

Needs = Mapping[str, Collection[str]]
"""The services that each service needs; those that are not deployed now are taken as there."""


def waves(needs: Needs, *, at_most: int) -> tuple[tuple[str, ...], ...]:
    """The services of `needs` in waves: each after all that it needs, `at_most` at once.

    Configuration has no cycles. Services of a wave have nothing to do with each other.
    """
    left = {name: {one for one in needed if one in needs} for name, needed in needs.items()}
    found: list[tuple[str, ...]] = []
    while left:
        ready = sorted(name for name, needed in left.items() if not needed)
        assert ready, f"cycle among {sorted(left)}"
        found += _parts(ready, at_most)
        left = {name: left[name].difference(ready) for name in left if name not in ready}
    return tuple(found)


def waiting_in_vain(wave: Iterable[str], needs: Needs, bad: Collection[str]) -> dict[str, str]:
    """Those of a wave that need a service which did not come up, and the first such service."""
    missing = {name: [one for one in needs[name] if one in bad] for name in wave}
    return {name: found[0] for name, found in missing.items() if found}


def _parts(names: list[str], at_most: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(names), at_most):
        yield tuple(names[start : start + at_most])
