"""What many requests come to."""

from __future__ import annotations

from slipway.rehearse.sample import Sample, between, figures, percentile


def sample(
    began: float = 0, seconds: float = 0.01, version: str = "v1", problem: str = ""
) -> Sample:
    return Sample(began, seconds, "/health", version, problem)


def test_figures_count_versions_failures_and_their_kinds() -> None:
    """Failed requests tell no version and no latency; the commonest problem is named first."""
    asked = [
        *(sample(seconds=0.01 * number) for number in range(1, 101)),
        sample(version="v2", seconds=1),
        *(sample(problem="503", version="") for _ in range(2)),
        sample(problem="ConnectionResetError", version="", seconds=20),
    ]
    found = figures(asked)
    assert (found.requests, found.failed) == (104, 3)
    assert found.versions == (("v1", 100), ("v2", 1))
    assert found.problem == "2 of 503, 1 of ConnectionResetError"
    assert found.p50 == 510
    assert found.p99 == 1000


def test_nothing_asked_is_no_error() -> None:
    """A service without tasks is asked nothing."""
    found = figures([])
    assert (found.requests, found.failed, found.p50, found.p99, found.problem) == (0, 0, 0, 0, "")


def test_percentiles_are_of_what_was_measured() -> None:
    """The nearest rank: no value that was not there."""
    assert percentile([0.3, 0.1, 0.2, 0.4], 50) == 200
    assert percentile([0.3, 0.1, 0.2, 0.4], 99) == 400
    assert percentile([0.1], 50) == 100


def test_a_request_belongs_to_every_span_that_it_touches() -> None:
    """One that began before and ended within counts, as does one that goes on after."""
    spans = [sample(began=1, seconds=2), sample(began=4, seconds=9), sample(began=6, seconds=1)]
    assert between(spans, 2, 5) == spans[:2]
