"""Several services' lines as one, by their time; on and on if wanted, whatever AWS does."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from slipway import signals
from slipway.errors import Expired, Refused, SlipwayError
from slipway.logs.source import Event, NoLogs, Source

PAUSE = 2.0
"""Seconds between two rounds, longer with many services: `PER_SERVICE` each."""

PER_SERVICE = 0.25
LONGEST = 30.0


@dataclass
class Reading:
    """One or more rounds over all sources; `trouble` is what the last one met, by service."""

    sources: Sequence[Source]
    say: Callable[[str], None]
    trouble: dict[str, SlipwayError] = field(default_factory=dict)

    def once(self) -> Iterator[Event]:
        """The lines of one round, by their time. One source in trouble doesn't hold up others."""
        before, self.trouble = self.trouble, {}
        yield from heapq.merge(*map(self._tolerant, self.sources))
        for name, error in self.trouble.items():
            if name not in before or before[name].message != error.message:
                self.say(error.message)

    def on_and_on(
        self,
        *,
        alive: Callable[[], None] = lambda: None,
        pause: Callable[[float], None] = signals.sleep,
    ) -> Iterator[Event]:
        """Round after round, until a signal or `alive` raises; trouble makes the pauses longer.

        Raises what doesn't pass: no service has logs, or nobody may read them.
        """
        shortest = max(PAUSE, PER_SERVICE * len(self.sources))
        delay = shortest
        while True:
            alive()
            yield from self.once()
            self.demand_some(lasting=(NoLogs, Refused, Expired))
            delay = min(delay * 2, LONGEST) if self.trouble else shortest
            pause(delay)

    def demand_some(self, lasting: tuple[type[SlipwayError], ...] = (SlipwayError,)) -> None:
        """Raise the first trouble where no source could be read at all, and each is of a kind."""
        mine = [self.trouble.get(source.service) for source in self.sources]
        if mine and mine[0] and all(isinstance(error, lasting) for error in mine):
            raise mine[0]

    def _tolerant(self, source: Source) -> Iterator[Event]:
        try:
            yield from source.new()
        except SlipwayError as error:
            self.trouble[source.service] = error
