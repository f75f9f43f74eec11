"""Requests as they were answered, and what they come to; pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Sample(NamedTuple):
    """One request: when it began (monotonic) and for how long (s), its path, the version that
    answered ("" where the answer tells none), and what went wrong ("": nothing)."""

    began: float
    seconds: float
    path: str
    version: str
    problem: str

    @property
    def ended(self) -> float:
        return self.began + self.seconds


class Span(NamedTuple):
    """A part of the time (monotonic) with a name, and whether it went as it has to."""

    name: str
    began: float
    ended: float
    good: bool


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What many requests come to; `p50` and `p99` in milliseconds, of those that were answered."""

    requests: int
    failed: int
    p50: float
    p99: float
    versions: tuple[tuple[str, int], ...]
    problems: tuple[tuple[str, int], ...]

    @property
    def problem(self) -> str:
        """What went wrong most often, or ""."""
        return ", ".join(f"{count} of {text}" for text, count in self.problems[:3])


def figures(samples: Sequence[Sample]) -> Figures:
    """The figures of these requests."""
    good = [each for each in samples if not each.problem]
    versions = Counter(each.version for each in good if each.version)
    problems = Counter(each.problem for each in samples if each.problem)
    times = [each.seconds for each in good]
    return Figures(
        requests=len(samples),
        failed=len(samples) - len(good),
        p50=percentile(times, 50),
        p99=percentile(times, 99),
        versions=tuple(versions.most_common()),
        problems=tuple(problems.most_common()),
    )


def percentile(seconds: Iterable[float], percent: float) -> float:
    """Milliseconds within which so many percent were answered; 0 for none."""
    times = sorted(seconds)
    if not times:
        return 0.0
    nearest = max(0, math.ceil(len(times) * percent / 100) - 1)
    return 1000 * times[nearest]


def between(samples: Iterable[Sample], begin: float, end: float) -> list[Sample]:
    """The requests that were under way at some time between the two."""
    return [each for each in samples if each.began <= end and each.ended >= begin]
