"""What an observed deployment of CodeDeploy means, and what to do before and after one."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.model import Verdict
from slipway.rollout.decide import Deployment, Snapshot, Watched
from slipway.rollout.shifting import Picture, Shift, backward, decide, forward
from tests.cases_files import cases


def service(raw: dict[str, Any]) -> Snapshot:
    deployments = tuple(Deployment(**each) for each in raw.pop("deployments", []))
    return Snapshot(**raw, deployments=deployments)


def shift(raw: dict[str, Any] | None) -> Shift | None:
    if raw is None:
        return None
    pairs: dict[str, Any] = {
        key: tuple(map(tuple, raw.pop(key, []))) for key in ("events", "weights")
    }
    return Shift(**raw, **pairs)


@pytest.mark.parametrize("case", cases("rollout/shifting"))
def test_decide(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    ours = shift(case["ours"])
    assert ours
    now = Picture(
        service=service(case["service"]),
        ours=ours,
        undo=shift(case.get("undo")),
        ended_for=case["ended_for"],
    )
    decision = decide(now, Watched(**case["watched"]))
    assert (decision.verdict.label if decision.verdict else "wait") == case["expect"]
    assert case.get("reason", "") in decision.reason
    if decision.verdict not in (None, Verdict.DEPLOYED):
        assert decision.reason


@pytest.mark.parametrize("case", cases("rollout/forward"))
def test_forward(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    plan = forward(service(case["service"]), shift(case.get("running")), frozenset(case["wanted"]))
    assert (plan.action, plan.end) == (case["expect"], case["end"])


@pytest.mark.parametrize("case", cases("rollout/backward"))
def test_backward(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    plan = backward(service(case["service"]), shift(case.get("running")), case["previous"])
    assert (plan.action, plan.end) == (case["expect"], case["end"])
