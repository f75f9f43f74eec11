"""How many tasks a service should have, by its policies. Pure.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
and …/step-scaling-policy-overview.html say what AWS does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NEVER = float("inf")

GRADUALLY = 10
"""Percent of its tasks that a service loses at once: AWS scales in slowly, and never tells how."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A service that is scaled; times in AWS's seconds."""

    desired: int
    minimum: int
    maximum: int
    deploying: bool = False
    out_suspended: bool = False
    in_suspended: bool = False
    since_out: float = NEVER
    since_in: float = NEVER


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """A target tracking policy with the states of its two alarms and its metric's last value."""

    name: str
    target: float
    value: float | None = None
    high: str = ""
    """The name of the alarm for too much while it is in ALARM."""
    low: str = ""
    scale_in: bool = True
    out_cooldown: float = 300.0
    in_cooldown: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A step scaling policy; `breach` is how far the metric of `alarm` is beyond its threshold."""

    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    breach: float | None = None
    alarm: str = ""


@dataclass(frozen=True)
class Change:
    """Set the desired count, for the cause given."""

    desired: int
    cause: str


def bounds(target: Target) -> Change | None:
    """The change that brings a service between its new minimum and maximum."""
    if target.desired < target.minimum:
        return Change(target.minimum, f"minimum capacity was set to {target.minimum}")
    if target.desired > target.maximum:
        return Change(target.maximum, f"maximum capacity was set to {target.maximum}")
    return None


def decide(target: Target, tracking: Sequence[Tracking], steps: Sequence[Steps]) -> Change | None:
    """The next change, or None.

    Of policies that differ the one that wants most tasks wins; tasks are removed only where every
    policy that may remove some agrees.
    """
    wanted = [change for policy in steps if (change := _step(target, policy))]
    wanted += [change for policy in tracking if (change := _out(target, policy))]
    outward = [change for change in wanted if change.desired > target.desired]
    if outward and not target.out_suspended:
        return _within(target, max(outward, key=lambda change: change.desired))
    if outward or target.deploying or target.in_suspended:
        return None
    inward = [change for change in wanted if change.desired < target.desired]
    inward += _agreed(target, tracking)
    return _within(target, max(inward, key=lambda c: c.desired)) if inward else None


def _within(target: Target, change: Change) -> Change | None:
    desired = min(target.maximum, max(target.minimum, change.desired))
    return None if desired == target.desired else Change(desired, change.cause)


def _out(target: Target, policy: Tracking) -> Change | None:
    """More tasks in proportion to how far the metric is beyond its target."""
    if not policy.high or policy.value is None or target.since_out < policy.out_cooldown:
        return None
    needed = math.ceil(max(1, target.desired) * policy.value / policy.target)
    if needed <= target.desired:
        return None
    return Change(needed, _cause(policy.high, policy.name))


def _agreed(target: Target, tracking: Sequence[Tracking]) -> list[Change]:
    """Fewer tasks, as many as the policy with the highest need leaves."""
    able = [policy for policy in tracking if policy.scale_in]
    last = min(target.since_out, target.since_in)
    if not able or not all(policy.low and last >= policy.in_cooldown for policy in able):
        return []
    floor = target.desired - max(1, target.desired * GRADUALLY // 100)
    needs = [
        Change(max(floor, _needed(target, policy)), _cause(policy.low, policy.name))
        for policy in able
    ]
    most = max(needs, key=lambda change: change.desired)
    return [most] if most.desired < target.desired else []


def _needed(target: Target, policy: Tracking) -> int:
    # Without a value nothing is used: the low alarm would not be in ALARM otherwise.
    return math.ceil(target.desired * (policy.value or 0.0) / policy.target)


def _step(target: Target, policy: Steps) -> Change | None:
    if policy.breach is None or not policy.alarm:
        return None
    cooldown = float(policy.config.get("Cooldown") or 0)
    step = next((s for s in policy.config["StepAdjustments"] if _covers(s, policy.breach)), None)
    if step is None:
        return None
    desired = max(0, _adjusted(target.desired, policy.config, int(step["ScalingAdjustment"])))
    since = target.since_out if desired > target.desired else min(target.since_out, target.since_in)
    return None if since < cooldown else Change(desired, _cause(policy.alarm, policy.name))


def _covers(step: Mapping[str, Any], breach: float) -> bool:
    """Whether a step is for this breach; the end nearer to the threshold belongs to it."""
    low = step.get("MetricIntervalLowerBound")
    high = step.get("MetricIntervalUpperBound")
    start = -math.inf if low is None else float(low)
    end = math.inf if high is None else float(high)
    return start <= breach < end if breach >= 0 else start < breach <= end


def _adjusted(desired: int, config: Mapping[str, Any], adjustment: int) -> int:
    kind = config["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return desired + adjustment
    exact = desired * adjustment / 100
    # AWS rounds away from no change where that is less than one task, else towards it.
    change = math.copysign(1, exact) if 0 < abs(exact) < 1 else math.trunc(exact)
    least = int(config.get("MinAdjustmentMagnitude") or 0)
    if least and abs(change) < least:
        change = math.copysign(least, adjustment)
    return desired + int(change)


def _cause(alarm: str, policy: str) -> str:
    return f"monitor alarm {alarm} in state ALARM triggered policy {policy}"
