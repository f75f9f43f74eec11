"""What health checks make of a target, in AWS's states and reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Check:
    """The health check settings of a target group; times in seconds."""

    enabled: bool
    protocol: str
    port: str
    path: str
    interval: int
    timeout: int
    healthy: int
    unhealthy: int
    matcher: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one check ended; `reason` is empty when it passed."""

    reason: str = ""
    description: str = ""

    @property
    def passed(self) -> bool:
        return not self.reason


@dataclass(frozen=True, kw_only=True)
class Health:
    """The state of a target; `streak` counts checks in a row, failures as negative numbers."""

    state: str
    reason: str = ""
    description: str = ""
    streak: int = 0


PASSED = Outcome()
TIMED_OUT = Outcome(reason="Target.Timeout", description="Request timed out")
REFUSED = Outcome(reason="Target.FailedHealthChecks", description="Health checks failed")

REGISTERING = Health(
    state="initial",
    reason="Elb.RegistrationInProgress",
    description="Target registration is in progress",
)
INITIAL = Health(
    state="initial",
    reason="Elb.InitialHealthChecking",
    description="Initial health checks in progress",
)
UNUSED = Health(
    state="unused",
    reason="Target.NotInUse",
    description="Target group is not configured to receive traffic from the load balancer",
)
UNCHECKED = Health(
    state="unavailable",
    reason="Target.HealthCheckDisabled",
    description="Health checks are disabled for this target group",
)
DRAINING = Health(
    state="draining",
    reason="Target.DeregistrationInProgress",
    description="Target deregistration is in progress",
)
UNREGISTERED = Health(
    state="unused", reason="Target.NotRegistered", description="Target is not registered"
)


def mismatch(code: int) -> Outcome:
    """The outcome of an answer with a code that the matcher does not name."""
    return Outcome(
        reason="Target.ResponseCodeMismatch",
        description=f"Health checks failed with these codes: [{code}]",
    )


def after(health: Health, outcome: Outcome, check: Check) -> Health:
    """The health of a target once `outcome` is known.

    A new target is healthy after its first pass; one that was unhealthy needs the threshold.
    """
    if outcome.passed:
        streak = max(health.streak, 0) + 1
        needed = 1 if health.state == "initial" else check.healthy
        if health.state == "healthy" or streak >= needed:
            return Health(state="healthy", streak=streak)
        return _with(health, streak)
    streak = min(health.streak, 0) - 1
    if health.state == "unhealthy" or -streak >= check.unhealthy:
        return Health(
            state="unhealthy",
            reason=outcome.reason,
            description=outcome.description,
            streak=streak,
        )
    return _with(health, streak)


def _with(health: Health, streak: int) -> Health:
    return Health(
        state=health.state, reason=health.reason, description=health.description, streak=streak
    )


def check_of(group: Mapping[str, Any]) -> Check:
    """The settings of a target group as MiniStack keeps it."""
    return Check(
        enabled=bool(group.get("HealthCheckEnabled", True)),
        protocol=group.get("HealthCheckProtocol", "HTTP"),
        port=str(group.get("HealthCheckPort", "traffic-port")),
        path=group.get("HealthCheckPath", "/"),
        interval=int(group.get("HealthCheckIntervalSeconds", 30)),
        timeout=int(group.get("HealthCheckTimeoutSeconds", 5)),
        healthy=int(group.get("HealthyThresholdCount", 5)),
        unhealthy=int(group.get("UnhealthyThresholdCount", 2)),
        matcher=group.get("Matcher", {}).get("HttpCode", "200"),
    )


def matches(matcher: str, code: int) -> bool:
    """Whether `code` is named by a matcher such as `200`, `200,302` or `200-299`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return False
