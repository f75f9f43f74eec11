"""Target health: states, reasons and thresholds."""

from __future__ import annotations

import pytest

from embedded_aws.ecs.health import health_of
from embedded_aws.loadbalancer.health import (
    INITIAL,
    PASSED,
    REFUSED,
    TIMED_OUT,
    Check,
    Health,
    Outcome,
    after,
    check_of,
    matches,
    mismatch,
)

CHECK = check_of({"HealthyThresholdCount": 3, "UnhealthyThresholdCount": 2})


def story(health: Health, *outcomes: Outcome, check: Check = CHECK) -> list[str]:
    states = []
    for outcome in outcomes:
        health = after(health, outcome, check)
        states.append(health.state)
    return states


def test_a_new_target_is_healthy_after_one_pass() -> None:
    """The healthy threshold is for targets that were unhealthy."""
    assert story(INITIAL, PASSED) == ["healthy"]


def test_a_new_target_stays_initial_until_the_threshold() -> None:
    """One failure is not yet unhealthy."""
    assert story(INITIAL, REFUSED, REFUSED) == ["initial", "unhealthy"]


def test_recovering_needs_passes_in_a_row() -> None:
    """A failure in between starts the count again."""
    unhealthy = after(after(INITIAL, REFUSED, CHECK), REFUSED, CHECK)
    assert story(unhealthy, PASSED, PASSED, REFUSED, PASSED, PASSED, PASSED) == [
        *["unhealthy"] * 5,
        "healthy",
    ]


def test_failing_needs_failures_in_a_row() -> None:
    """A healthy target survives a single failure."""
    healthy = after(INITIAL, PASSED, CHECK)
    assert story(healthy, TIMED_OUT, PASSED, TIMED_OUT, TIMED_OUT) == [
        *["healthy"] * 3,
        "unhealthy",
    ]


def test_the_reason_is_the_last_failures() -> None:
    """With AWS's code and words."""
    health = after(after(INITIAL, REFUSED, CHECK), mismatch(500), CHECK)
    assert health.reason == "Target.ResponseCodeMismatch"
    assert health.description == "Health checks failed with these codes: [500]"


@pytest.mark.parametrize(
    ("matcher", "code", "expected"),
    [
        ("200", 200, True),
        ("200", 204, False),
        ("200-299", 204, True),
        ("200,301-302", 302, True),
        ("200,301-302", 303, False),
        ("", 200, False),
    ],
)
def test_matcher(matcher: str, code: int, expected: bool) -> None:
    """Codes, lists and ranges."""
    assert matches(matcher, code) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Up 4 seconds (healthy)", "HEALTHY"),
        ("Up 4 minutes (unhealthy)", "UNHEALTHY"),
        ("Up 1 second (health: starting)", "UNKNOWN"),
        ("Up 1 second", "UNKNOWN"),
    ],
)
def test_container_health(status: str, expected: str) -> None:
    """What `docker ps` says, in ECS's words."""
    assert health_of(status) == expected
