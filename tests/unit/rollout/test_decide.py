"""What an observed service means for the deployment that we watch."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.model import Verdict
from slipway.rollout.decide import Deployment, Snapshot, Watched, decide, timed_out
from tests.cases_files import cases


def snapshot(raw: dict[str, Any]) -> Snapshot:
    deployments = tuple(Deployment(**each) for each in raw.pop("deployments", []))
    events = tuple((e[0], e[1]) for e in raw.pop("events", []))
    return Snapshot(**raw, deployments=deployments, events=events)


@pytest.mark.parametrize("case", cases("rollout/decide"))
def test_decide(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    decision = decide(snapshot(dict(case["snapshot"])), Watched(**case["watched"]))
    assert (decision.verdict.label if decision.verdict else "wait") == case["expect"]


def test_every_ended_decision_has_a_reason() -> None:
    """A verdict without its reason would send the user to the console."""
    for param in cases("rollout/decide"):
        case = param.values[0]
        decision = decide(snapshot(dict(case["snapshot"])), Watched(**case["watched"]))
        if decision.verdict not in (None, Verdict.DEPLOYED):
            assert decision.reason


def test_timed_out_names_the_deployment() -> None:
    """A timeout is a verdict of its own and says what is still running."""
    watched = Watched(deployment_id="ecs-svc/5", task_definition="app:5")
    decision = timed_out(watched, 300)
    assert decision.verdict is Verdict.TIMED_OUT
    assert "ecs-svc/5" in decision.reason
    assert "300 s" in decision.reason
