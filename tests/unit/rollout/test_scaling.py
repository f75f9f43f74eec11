"""How many tasks: the bounds that allow it, and when they are there."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.errors import UsageError
from slipway.rollout.scaling import Bounds, arrived, bounds
from tests.cases_files import cases
from tests.unit.rollout.test_decide import snapshot


@pytest.mark.parametrize("case", cases("rollout/scaled"))
def test_when_it_is_there(case: dict[str, Any]) -> None:
    """Exactly as many as asked for, of the deployment that was there."""
    decision = arrived(snapshot(dict(case["snapshot"])), "ecs-svc/5", case["to"])
    assert (decision.verdict.label if decision.verdict else "wait") == case["expect"]


@pytest.mark.parametrize("case", cases("rollout/bounds"))
def test_bounds_give_way(case: dict[str, Any]) -> None:
    """No further than they must, and never against what was asked for."""
    now = Bounds(least=case["now"][0], most=case["now"][1]) if "now" in case else None
    asked = (case["to"], case.get("least"), case.get("most"))
    if "error" in case:
        with pytest.raises(UsageError, match=case["error"]):
            bounds(now, *asked)
        return
    found = bounds(now, *asked)
    assert ([found.least, found.most] if found else None) == case.get("want")
