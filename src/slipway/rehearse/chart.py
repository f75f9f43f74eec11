"""Charts over time as SVG paths; pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.rehearse.recorder import Event
from slipway.rehearse.sample import Sample, Span, percentile

WIDTH, HEIGHT = 960, 150
COLOURS = ("#2a6fdb", "#e08a00", "#2e9e5b", "#9b4dca", "#c2185b", "#00838f", "#6d4c41", "#546e7a")
MOST_COLUMNS = 480
ROOM = 16
"""What the number of a mark needs, in the chart's units."""
UNTOLD = "(no version told)"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line or area: its name, colour, SVG path and how much there is of it."""

    name: str
    colour: str
    path: str
    total: int = 0


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One chart: `top` is the value at its upper edge."""

    title: str
    top: str
    series: tuple[Series, ...]
    filled: bool


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A vertical line: `x` in the chart's units, `at` in seconds from its beginning.

    `shown` says whether there is room for its number beside that of the one before.
    """

    number: int
    x: float
    at: float
    text: str
    bad: bool
    shown: bool


@dataclass(frozen=True, kw_only=True)
class Band:
    """A part of a chart's time that has a name; `x` and `width` in the chart's units."""

    name: str
    x: float
    width: float
    good: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    """All panels of one service, which share their time."""

    service: str
    seconds: float
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...]
    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Axis:
    """Time from left to right: `begin` (monotonic), and columns of `width` seconds each."""

    begin: float
    seconds: float
    width: float
    columns: int

    def column(self, moment: float) -> int:
        return min(self.columns - 1, max(0, int((moment - self.begin) / self.width)))

    def x(self, moment: float) -> float:
        return round(WIDTH * (moment - self.begin) / self.seconds, 1)


def chart(
    service: str, samples: Sequence[Sample], events: Sequence[Event], spans: Sequence[Span] = ()
) -> Chart:
    """Requests by version, failures and latency of one service, with events and spans marked."""
    axis = axis_of(samples)
    panels = (by_version(samples, axis), failures(samples, axis), latency(samples, axis))
    return Chart(
        service=service,
        seconds=axis.seconds,
        panels=panels,
        marks=tuple(marks(events, axis)),
        bands=tuple(band(each, axis) for each in spans),
        ticks=tuple(ticks(axis)),
    )


def axis_of(samples: Sequence[Sample]) -> Axis:
    """From the first request to the last answer, in columns of whole seconds."""
    begin = min(each.began for each in samples)
    seconds = max(1.0, max(each.ended for each in samples) - begin)
    width = max(1, math.ceil(seconds / MOST_COLUMNS))
    return Axis(begin, seconds, width, math.ceil(seconds / width))


def by_version(samples: Sequence[Sample], axis: Axis) -> Panel:
    """Right answers a second, one area upon the other."""
    counts: dict[str, list[float]] = defaultdict(lambda: [0.0] * axis.columns)
    totals: Counter[str] = Counter()
    for each in samples:
        if not each.problem:
            name = each.version or UNTOLD
            counts[name][axis.column(each.ended)] += 1 / axis.width
            totals[name] += 1
    top = scale(max(map(sum, zip(*counts.values(), strict=True)), default=0))
    ground = [0.0] * axis.columns
    series = []
    for number, (name, values) in enumerate(counts.items()):
        above = [low + value for low, value in zip(ground, values, strict=True)]
        colour = COLOURS[number % len(COLOURS)]
        path = area(ground, above, top)
        series.append(Series(name=name, colour=colour, path=path, total=totals[name]))
        ground = above
    return Panel(title="requests a second", top=f"{top:g}", series=tuple(series), filled=True)


def failures(samples: Sequence[Sample], axis: Axis) -> Panel:
    """Requests a second that failed."""
    values = [0.0] * axis.columns
    bad = [each for each in samples if each.problem]
    for each in bad:
        values[axis.column(each.ended)] += 1 / axis.width
    top = scale(max(values))
    path = area([0.0] * axis.columns, values, top)
    series = Series(name="failed", colour="#c62828", path=path, total=len(bad))
    return Panel(title="failed requests a second", top=f"{top:g}", series=(series,), filled=True)


def latency(samples: Sequence[Sample], axis: Axis) -> Panel:
    """Milliseconds of the answers of each column."""
    times: dict[int, list[float]] = defaultdict(list)
    for each in samples:
        if not each.problem:
            times[axis.column(each.ended)].append(each.seconds)
    found = {
        name: {column: percentile(some, percent) for column, some in times.items()}
        for name, percent in (("p50", 50), ("p99", 99))
    }
    top = scale(max(found["p99"].values(), default=0))
    series = (
        Series(name="p50", colour=COLOURS[0], path=line(found["p50"], axis, top)),
        Series(name="p99", colour=COLOURS[1], path=line(found["p99"], axis, top)),
    )
    return Panel(title="milliseconds to the answer", top=f"{top:g}", series=series, filled=False)


def scale(most: float) -> float:
    """A round number that is not below `most`: 1, 2 or 5 times a power of ten."""
    if most <= 1:
        return 1
    power = 10 ** math.floor(math.log10(most))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= most))


def area(low: Sequence[float], high: Sequence[float], top: float) -> str:
    """A path along `high` and back along `low`, a step for each column."""
    there = list(_steps(high, top))
    back = list(_steps(low, top))
    return f"M{' L'.join([*there, *reversed(back)])} Z"


def _steps(values: Sequence[float], top: float) -> Iterator[str]:
    for column, value in enumerate(values):
        y = _y(value, top)
        yield f"{WIDTH * column / len(values):.1f},{y}"
        yield f"{WIDTH * (column + 1) / len(values):.1f},{y}"


def line(values: Mapping[int, float], axis: Axis, top: float) -> str:
    """A path through the middle of each column that has a value."""
    points = [
        f"{WIDTH * (column + 0.5) / axis.columns:.1f},{_y(value, top)}"
        for column, value in sorted(values.items())
    ]
    return f"M{' L'.join(points)}" if points else ""


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 1)


def marks(events: Sequence[Event], axis: Axis) -> Iterator[Mark]:
    """The events to mark that happened while the service was asked."""
    number, last = 0, -float(ROOM)
    for event in events:
        at = event.at - axis.begin
        if event.marked and 0 <= at <= axis.seconds:
            number, x = number + 1, axis.x(event.at)
            shown = x - last >= ROOM
            last = x if shown else last
            yield Mark(
                number=number,
                x=x,
                at=round(at, 1),
                text=event.label,
                bad=event.bad,
                shown=shown,
            )


def band(span: Span, axis: Axis) -> Band:
    """Where a span lies in the picture; what is outside of it is cut off."""
    left, right = (min(WIDTH, max(0.0, axis.x(each))) for each in (span.began, span.ended))
    return Band(name=span.name, x=left, width=round(right - left, 1), good=span.good)


def ticks(axis: Axis) -> Iterator[tuple[float, str]]:
    """About eight moments on the axis of time, with their texts."""
    step = scale(axis.seconds / 8)
    for number in range(int(axis.seconds / step) + 1):
        yield round(WIDTH * number * step / axis.seconds, 1), f"{number * step:g} s"
