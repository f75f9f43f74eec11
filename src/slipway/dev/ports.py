"""Where everything listens; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

HIGHEST = 65_535
STORES: Mapping[str, int] = {"store/postgres": 5432, "store/redis": 6379}
"""What a store's port is called, so that no service can have its name, and where it usually is."""

POSTGRES, REDIS = STORES


def choose(
    wanted: Mapping[str, int], before: Mapping[str, int], is_free: Callable[[int], bool]
) -> dict[str, int]:
    """A port for each name: the one it had before, else the wanted one or the next that is free.

    Nobody gets a port that somebody had before and may want again.
    """
    chosen: dict[str, int] = {}
    for name in wanted:
        if before.get(name) and is_free(before[name]):
            chosen[name] = before[name]
    kept = {*chosen.values(), *(before[name] for name in before if name not in wanted)}
    for name, first in wanted.items():
        if name not in chosen:
            free = (port for port in range(first, HIGHEST) if port not in kept and is_free(port))
            chosen[name] = next(free)
            kept.add(chosen[name])
    return chosen
