"""Weights of the two target groups of a pair in the actions of a listener. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedded_aws.loadbalancer.choice import weights

Action = Mapping[str, Any]


def names_pair(action: Action, pair: Sequence[str]) -> bool:
    """Whether an action forwards to a target group of the pair."""
    forwards = str(action.get("Type", "")).lower() == "forward"
    return forwards and any(group in pair for group, _ in weights(action))


def rerouted(
    actions: Sequence[Action], pair: Sequence[str], shares: Mapping[str, int]
) -> list[dict[str, Any]]:
    """`actions` with those that name the pair forwarding to it by `shares` in percent."""
    return [
        _weighted(action, pair, shares) if names_pair(action, pair) else dict(action)
        for action in actions
    ]


def _weighted(action: Action, pair: Sequence[str], shares: Mapping[str, int]) -> dict[str, Any]:
    before = action.get("ForwardConfig") or {}
    groups = [{"TargetGroupArn": arn, "Weight": int(shares.get(arn, 0))} for arn in pair]
    kept = {key: value for key, value in action.items() if key != "TargetGroupArn"}
    config = {"Stickiness": "false", "Duration": "", **before, "TargetGroups": groups}
    return {**kept, "ForwardConfig": config}


def share(actions: Sequence[Action], group: str) -> int:
    """The percent that a target group gets of the first action that names it."""
    for action in actions:
        found = dict(weights(action))
        if group in found:
            return found[group] * 100 // (sum(found.values()) or 1)
    return 0
