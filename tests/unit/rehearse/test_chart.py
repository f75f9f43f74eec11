"""Charts: what they show, and that every number in them can be drawn."""

from __future__ import annotations

import re

import pytest

from slipway.rehearse.chart import HEIGHT, UNTOLD, WIDTH, chart, scale
from slipway.rehearse.recorder import Event
from slipway.rehearse.sample import Sample, Span

BEGIN = 1000.0


def asked(seconds: int = 10) -> list[Sample]:
    """Ten requests a second; the version changes half-way, and one request fails."""
    samples = [
        Sample(BEGIN + number / 10, 0.02, "/health", "old" if number < 5 * seconds else "new", "")
        for number in range(10 * seconds)
    ]
    samples[3] = samples[3]._replace(problem="502", version="")
    return samples


def test_each_version_is_a_series_with_its_requests() -> None:
    """Areas in the order in which the versions came; failures apart."""
    made = chart("greeter", asked(), [])
    versions, failed, latency = made.panels
    assert [(each.name, each.total) for each in versions.series] == [("old", 49), ("new", 50)]
    assert [(each.name, each.total) for each in failed.series] == [("failed", 1)]
    assert [each.name for each in latency.series] == ["p50", "p99"]


def test_versions_lie_upon_each_other() -> None:
    """While two of them answer, the second area begins where the first one ends."""
    mixed = [
        Sample(BEGIN + number / 10, 0.01, "/health", "old" if number % 2 else "new", "")
        for number in range(100)
    ]
    new, old = chart("greeter", mixed, []).panels[0].series
    assert new.path.endswith(f"0.0,{HEIGHT:.1f} Z")
    assert old.path.endswith(f"0.0,{HEIGHT / 2:.1f} Z")


def test_an_answer_without_a_version_is_shown_too() -> None:
    """Smoke tests' answers tell none."""
    made = chart("greeter", [Sample(BEGIN, 0.1, "/hello", "", "")], [])
    assert [each.name for each in made.panels[0].series] == [UNTOLD]


@pytest.mark.parametrize("seconds", [1, 10, 2000])
def test_everything_is_inside_the_picture(seconds: int) -> None:
    """No point lies outside, however long it took; columns are limited."""
    made = chart("greeter", asked(seconds), [])
    for panel in made.panels:
        for series in panel.series:
            points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", series.path)
            assert points
            assert len(points) < 2500
            assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)


def test_only_steps_and_failures_of_that_time_are_marked() -> None:
    """Numbered in their order, with seconds from the first request; plain lines are none."""
    events = [
        Event(BEGIN - 5, "▸ rollout"),
        Event(BEGIN + 2, "▸ rollout"),
        Event(BEGIN + 3, "    greeter: 1 of 2 tasks"),
        Event(BEGIN + 4, "✗ rollout  2.0 s"),
        Event(BEGIN + 99, "▸ rollout of the next"),
    ]
    marks = chart("greeter", asked(), events).marks
    assert [(each.number, each.at, each.text, each.bad) for each in marks] == [
        (1, 2.0, "rollout", False),
        (2, 4.0, "✗ rollout  2.0 s", True),
    ]


def test_numbers_of_marks_do_not_lie_upon_each_other() -> None:
    """Every mark has its line and its row; a number only where there is room for it."""
    events = [Event(BEGIN + at, "▸ rollout") for at in (1, 1.01, 1.1, 5)]
    assert [each.shown for each in chart("greeter", asked(), events).marks] == [
        *(True, False, False, True)
    ]


def test_bands_are_cut_where_the_picture_ends() -> None:
    """A drill that began before the first request, or ended after the last one."""
    spans = [Span("early", BEGIN - 5, BEGIN + 5, True), Span("late", BEGIN + 5, BEGIN + 99, False)]
    early, late = chart("greeter", asked(), [], spans).bands
    assert (early.x, late.x + late.width) == (0, WIDTH)
    assert early.width == pytest.approx(late.x, abs=1)
    assert (early.good, late.good) == (True, False)


def test_the_upper_edge_is_a_round_number() -> None:
    """1, 2 or 5 times a power of ten, never below what is shown."""
    assert [scale(each) for each in (0, 0.3, 1, 1.2, 3, 7, 10, 49.9, 51, 101)] == [
        *(1, 1, 1, 2, 5, 10, 10, 50, 100, 200)
    ]
