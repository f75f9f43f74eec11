"""What a deployment does next. Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html and
…/reference-appspec-file-structure-hooks.html say what AWS does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedded_aws.codedeploy.lifecycle import ORDER

READY, STANDBY, TERMINATE, ROLLBACK = "Ready", "Standby", "Terminate", "Rollback"
STAGES = (*ORDER[:5], READY, *ORDER[5:], STANDBY, TERMINATE)
"""The stages of a deployment: its lifecycle events, and what CodeDeploy shows as no event."""

PATIENCE = 60
"""Minutes for the green task set to be steady, and for each hook to report."""

SCALING = 5
"""Minutes for the task sets to be steady again after the service was scaled."""

SETTLE = 1.0
"""Seconds of this machine's clock until the load balancer has followed a change, at the latest."""

STOPPED = "The deployment was stopped by a user."
ALARM = (
    "One or more alarms have been activated according to the Amazon CloudWatch metrics you "
    "selected, and the affected deployments have been stopped. Activated alarms: <{}>"
)
UNSTEADY = (
    "The deployment timed out while waiting for the replacement task set to become healthy. "
    "This time out period is 60 minutes."
)
SCALED = (
    "The ECS service has not reached a steady state within 5 minutes of a scaling activity. "
    "A deployment fails then."
)
HOOK_FAILED = (
    "One or more of the lifecycle event validation functions failed. "
    "See the deployment details for more information."
)
NOT_CONTINUED = "The deployment was stopped because it was not continued within its wait time."


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One deployment as it is; times in seconds of this machine's clock."""

    stage: str
    since: float = 0.0
    """For how long it has been in this stage."""
    hook: str = "none"
    """Of the stage's function: none, uncalled, waiting, Succeeded or Failed."""
    green: str = "none"
    """The replacement task set: none, starting, steady or gone."""
    blue: str = "steady"
    """The original one: steady, draining or gone."""
    weight: int = 0
    """Percent of the traffic that green gets."""
    shifted: float = float("inf")
    """For how long it has been so."""
    routing: Mapping[str, Any] = field(default_factory=lambda: {"type": "AllAtOnce"})
    test: str = "none"
    """The test listener: none, blue or green."""
    wait: int = 0
    """Minutes that the deployment waits, ready, before it shifts traffic."""
    standby: int = 0
    """Minutes that the original task set stays after the shift."""
    swapped: bool = False
    """Whether green is the service's primary task set."""
    unsteady: float = 0.0
    """For how long the task sets have not been steady, since the service was scaled."""
    go_on: bool = False
    stop: bool = False
    alarm: str = ""
    problem: tuple[str, str] = ("", "")
    """Error code and message of what makes it impossible to go on."""


@dataclass(frozen=True)
class Next:
    """The stage is over, and its event ended with `status`."""

    status: str = "Succeeded"


@dataclass(frozen=True)
class Make:
    """Make the replacement task set."""


@dataclass(frozen=True)
class AllowTests:
    """Send test traffic to green."""


@dataclass(frozen=True)
class Call:
    """Call the stage's function."""


@dataclass(frozen=True)
class Shift:
    """Send so many percent of the traffic to green."""

    percent: int


@dataclass(frozen=True)
class Swap:
    """Green is the primary task set now."""


@dataclass(frozen=True)
class Retire:
    """Drain and stop the original task set."""


@dataclass(frozen=True)
class Restore:
    """All traffic back to blue; drain and stop green."""


@dataclass(frozen=True)
class End:
    """The deployment is over: Succeeded, Failed or Stopped, for a reason."""

    status: str
    code: str = ""
    message: str = ""


Action = Next | Make | AllowTests | Call | Shift | Swap | Retire | Restore | End


def decide(facts: Facts, minute: float) -> Action | None:
    """The next action, or None to wait; a minute of AWS takes `minute` seconds."""
    return _ended(facts, minute) or _of_stage(facts)(facts, minute)


def following(stage: str) -> str:
    """The stage after one; the last has none."""
    return STAGES[STAGES.index(stage) + 1]


def _ended(facts: Facts, minute: float) -> End | None:
    if facts.stage in (TERMINATE, ROLLBACK):
        # Too late: the original task set is going, or green is.
        return None
    if facts.stop:
        return End("Stopped", "MANUAL_STOP", STOPPED)
    if facts.alarm:
        return End("Stopped", "ALARM_ACTIVE", ALARM.format(facts.alarm))
    if facts.problem[0]:
        return End("Failed", *facts.problem)
    if facts.unsteady >= SCALING * minute and facts.stage != STANDBY:
        return End("Failed", "TIMEOUT", SCALED)
    return None


def _of_stage(facts: Facts) -> Callable[[Facts, float], Action | None]:
    return {
        "Install": _install,
        "AllowTestTraffic": _test_traffic,
        READY: _ready,
        "AllowTraffic": _traffic,
        STANDBY: _standby,
        TERMINATE: _terminate,
        ROLLBACK: _rollback,
    }.get(facts.stage, _hook)


def _hook(facts: Facts, minute: float) -> Action | None:
    if facts.stage == "AfterAllowTestTraffic" and facts.test == "none":
        return Next("Skipped")
    if facts.hook == "Failed":
        return End("Failed", "HOOK_EXECUTION_FAILURE", HOOK_FAILED)
    if facts.hook == "waiting":
        late = facts.since >= PATIENCE * minute
        return End("Failed", "HOOK_EXECUTION_FAILURE", HOOK_FAILED) if late else None
    return Call() if facts.hook == "uncalled" else Next()


def _install(facts: Facts, minute: float) -> Action | None:
    if facts.green == "none":
        return Make()
    if facts.green == "steady":
        return Next()
    late = facts.since >= PATIENCE * minute
    return End("Failed", "TIMEOUT", UNSTEADY) if late else None


def _test_traffic(facts: Facts, _minute: float) -> Action | None:
    if facts.test == "none":
        return Next("Skipped")
    if facts.test == "blue":
        return AllowTests()
    # The hook that comes next tests green through the test listener.
    return Next() if facts.since >= SETTLE else None


def _ready(facts: Facts, minute: float) -> Action | None:
    if facts.go_on or not facts.wait:
        return Next()
    late = facts.since >= facts.wait * minute
    return End("Stopped", "TIMEOUT", NOT_CONTINUED) if late else None


def _traffic(facts: Facts, minute: float) -> Action | None:
    wanted = percent(facts.routing, facts.since / minute)
    if facts.weight < wanted:
        return Shift(wanted)
    # What comes next, blue's end above all, counts on every request going to green.
    return Next() if facts.weight >= 100 and facts.shifted >= SETTLE else None


def _standby(facts: Facts, minute: float) -> Action | None:
    if not facts.swapped:
        return Swap()
    return Next() if facts.go_on or facts.since >= facts.standby * minute else None


def _terminate(facts: Facts, _minute: float) -> Action | None:
    if facts.blue == "steady":
        return Retire()
    return End("Succeeded") if facts.blue == "gone" else None


def _rollback(facts: Facts, _minute: float) -> Action | None:
    if facts.green in ("starting", "steady") or facts.weight or facts.swapped:
        return Restore()
    return End("Succeeded") if facts.green in ("none", "gone") else None


def percent(routing: Mapping[str, Any], minutes: float) -> int:
    """Percent of the traffic for green, so many minutes after the shift began."""
    if canary := routing.get("timeBasedCanary"):
        over = minutes >= canary["canaryInterval"]
        return 100 if over else int(canary["canaryPercentage"])
    if linear := routing.get("timeBasedLinear"):
        steps = int(minutes // linear["linearInterval"]) + 1
        return min(100, steps * int(linear["linearPercentage"]))
    return 100
