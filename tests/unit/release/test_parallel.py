"""Doing independent things side by side."""

from __future__ import annotations

import threading
from typing import NoReturn

import pytest

from slipway.errors import BuildError, Interrupted
from slipway.release.parallel import each_alone, side_by_side


def test_results_come_by_name() -> None:
    """Each job's result stands under its name."""
    assert side_by_side({"a": lambda: 1, "b": lambda: 2}) == {"a": 1, "b": 2}
    assert side_by_side({}) == {}


def test_jobs_really_run_side_by_side() -> None:
    """Two jobs that wait for each other both end."""
    barrier = threading.Barrier(2, timeout=5)
    assert len(side_by_side({"a": barrier.wait, "b": barrier.wait})) == 2


def test_an_error_waits_for_the_others() -> None:
    """No job is left running behind an error."""
    ended = threading.Event()

    def fail() -> NoReturn:
        raise BuildError("no")

    def slow() -> None:
        threading.Event().wait(0.05)
        ended.set()

    with pytest.raises(BuildError):
        side_by_side({"slow": slow, "fail": fail})
    assert ended.is_set()


def test_the_cause_comes_before_the_interruption() -> None:
    """Where one job failed and others were interrupted for it, the failure is the news."""

    def interrupted() -> NoReturn:
        raise Interrupted("stopped")

    def fail() -> NoReturn:
        raise BuildError("no space")

    with pytest.raises(BuildError, match="no space"):
        side_by_side({"a": interrupted, "b": fail})


def test_each_alone_keeps_what_succeeds() -> None:
    """One job's error of ours is its own; the others have their results."""

    def fail() -> NoReturn:
        raise BuildError("no")

    results, errors = each_alone({"fail": fail, "fine": lambda: 1})
    assert results == {"fine": 1}
    assert [*errors] == ["fail"]


@pytest.mark.parametrize("error", [Interrupted("a signal"), ValueError("a bug")])
def test_each_alone_hides_neither_signals_nor_bugs(error: Exception) -> None:
    """They end the whole, when the others have ended."""

    def fail() -> NoReturn:
        raise error

    with pytest.raises(type(error)):
        each_alone({"fail": fail, "fine": lambda: 1})
