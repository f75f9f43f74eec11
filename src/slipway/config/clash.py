"""What does not go together, as a rule finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slipway.config.layers import Tree


@dataclass(frozen=True, kw_only=True)
class Clash:
    """Values that don't go together, by their dotted keys."""

    keys: tuple[str, ...]
    reason: str


Rule = Callable[[Tree], Iterator[Clash]]
