"""Which target group and which target get a request. Pure, but for the dice that are passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def weights(action: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Target groups of a forward action with their weights."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if groups:
        return [(group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups]
    arn = action.get("TargetGroupArn")
    return [(arn, 1)] if arn else []


def pick(weighted: Sequence[tuple[T, int]], dice: float) -> T | None:
    """One of `weighted`, as `dice` (0 ≤ dice < 1) falls; None where all weights are 0."""
    total = sum(weight for _, weight in weighted)
    mark = dice * total
    for item, weight in weighted:
        if mark < weight:
            return item
        mark -= weight
    return None


def eligible(targets: Sequence[T], states: Sequence[str]) -> list[T]:
    """Targets that may get traffic: the healthy ones, or, where there is none, all (fail open).

    A draining target gets none in either case. A group whose checks are off counts as healthy.
    """
    known = [(t, s) for t, s in zip(targets, states, strict=True) if s != "draining"]
    healthy = [target for target, state in known if state in ("healthy", "unavailable")]
    return healthy or [target for target, _ in known]
