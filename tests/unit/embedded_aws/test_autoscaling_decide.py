"""How many tasks a service should have, by case files; usage from the engine's statistics."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.autoscaling.decide import Change, Steps, Target, Tracking, bounds, decide
from embedded_aws.autoscaling.usage import Sample, cpu_percent, memory_percent, sample

CASES = sorted((Path(__file__).parents[2] / "cases" / "autoscaling").glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The service is scaled as the case file says; -1 means that it is left alone."""
    case = tomllib.loads(path.read_text())
    target = Target(**{"minimum": 1, "maximum": 10, **case["target"]})
    tracking = [Tracking(name="p", **policy) for policy in case.get("tracking", [])]
    steps = [Steps(name="s", **policy) for policy in case.get("steps", [])]
    change = decide(target, tracking, steps)
    assert (change.desired if change else -1) == case["desired"], case["why"]


def test_there_are_cases() -> None:
    """The case files are found."""
    assert len(CASES) >= 25


@pytest.mark.parametrize("desired", range(12))
@pytest.mark.parametrize("value", [0.0, 35.0, 69.0, 71.0, 700.0])
def test_nothing_leaves_the_bounds(desired: int, value: float) -> None:
    """Whatever the metric says."""
    target = Target(desired=min(8, max(2, desired)), minimum=2, maximum=8)
    policy = Tracking(
        name="cpu",
        target=70.0,
        value=value,
        high="high" if value > 70 else "",
        low="low" if value < 63 else "",
    )
    change = decide(target, [policy], [])
    assert change is None or 2 <= change.desired <= 8


def test_the_cause_names_alarm_and_policy() -> None:
    """In AWS's words."""
    policy = Tracking(name="cpu", target=50.0, value=100.0, high="TooMuch")
    assert decide(Target(desired=2, minimum=1, maximum=9), [policy], []) == Change(
        4, "monitor alarm TooMuch in state ALARM triggered policy cpu"
    )


def test_new_bounds_are_kept_at_once() -> None:
    """Without any alarm; inside of them nothing happens."""
    assert bounds(Target(desired=1, minimum=2, maximum=4)) == Change(
        2, "minimum capacity was set to 2"
    )
    assert bounds(Target(desired=9, minimum=2, maximum=4)) == Change(
        4, "maximum capacity was set to 4"
    )
    assert bounds(Target(desired=3, minimum=2, maximum=4)) is None


def stats(cpu: int, usage: int, **inner: int) -> dict[str, Any]:
    return {
        "cpu_stats": {"cpu_usage": {"total_usage": cpu}},
        "memory_stats": {"usage": usage, "stats": inner},
    }


def test_cpu_is_a_share_of_what_is_reserved() -> None:
    """A quarter of a core used by a task of a quarter of a core is 100 %."""
    before, after = Sample(0, 0, 10.0), Sample(2_500_000_000, 0, 20.0)
    assert cpu_percent(before, after, 256) == pytest.approx(100.0)
    assert cpu_percent(before, after, 1024) == pytest.approx(25.0)
    assert cpu_percent(after, before, 256) is None, "a container that began anew"
    assert cpu_percent(before, after, 0) is None


def test_memory_leaves_out_what_the_kernel_may_drop() -> None:
    """As `docker stats` shows it, with either version of control groups."""
    mib = 1024 * 1024
    new = sample(stats(1, 300 * mib, inactive_file=44 * mib), 1.0)
    old = sample(stats(1, 300 * mib, total_inactive_file=44 * mib), 1.0)
    assert new is not None
    assert new == old
    assert memory_percent(new, 512) == pytest.approx(50.0)
    assert memory_percent(new, 0) is None


def test_a_container_that_is_gone_has_no_sample() -> None:
    """The engine answers then without numbers."""
    assert sample({"cpu_stats": {}, "memory_stats": {}}, 1.0) is None
