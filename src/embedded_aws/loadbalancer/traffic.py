"""What went through the load balancers since somebody last took the sums."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

STEPS = 24
"""Response times are kept in so many steps per decade, each 10 % above the one before."""


class Answer(NamedTuple):
    """One answer; `group` is empty where no target was chosen.

    `seconds` is how long the target took to begin its answer, None where the load balancer answered
    in its place. A `status` below 100 is no answer at all: the client had gone.
    """

    balancer: str
    group: str
    status: int
    seconds: float | None


@dataclass
class Tally:
    """Sums of one load balancer, or of one target group of it."""

    requests: int = 0
    target: Counter[int] = field(default_factory=Counter)
    own: Counter[int] = field(default_factory=Counter)
    times: Counter[float] = field(default_factory=Counter)

    def add(self, answer: Answer) -> None:
        """Count one answer; 2 stands for all codes from 200 to 299."""
        self.requests += bool(answer.group)
        if answer.seconds is not None:
            self.times[step(answer.seconds)] += 1
        if answer.status >= 100:
            codes = self.own if answer.seconds is None else self.target
            codes[answer.status // 100] += 1


Tallies = dict[tuple[str, str], Tally]
"""By load balancer and target group; without the group: all of the load balancer."""


class Traffic:
    """Counts answers, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: Tallies = {}
        self._active: Counter[str] = Counter()

    def note(self, answer: Answer) -> None:
        with self._lock:
            for group in {answer.group, ""}:
                self._tallies.setdefault((answer.balancer, group), Tally()).add(answer)

    def take(self) -> Tallies:
        """The sums until now; they begin anew."""
        with self._lock:
            taken, self._tallies = self._tallies, {}
            return taken

    @contextmanager
    def under_way(self, balancer: str) -> Iterator[None]:
        """Count one request as active meanwhile."""
        with self._lock:
            self._active[balancer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._active[balancer] -= 1

    def active(self) -> Counter[str]:
        """Requests that are under way, by load balancer."""
        with self._lock:
            return Counter(self._active)


def step(seconds: float) -> float:
    """The step nearest to a time: thousands of requests become a few values with a count."""
    if seconds < 0.001:
        return 0.001
    return round(float(10 ** (round(math.log10(seconds) * STEPS) / STEPS)), 6)
