"""What of a service is not as it should be, where no Terraform plan shows it."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.drift.judge import judge
from slipway.drift.model import Facts, Rule
from slipway.rollout.scaling import Bounds
from tests.cases_files import cases
from tests.unit.rollout.test_decide import snapshot


def facts(raw: dict[str, Any]) -> Facts:
    """The facts of a case."""
    given = dict(raw)
    rules = [Rule(**each) for each in given.pop("rules", [])]
    if "seen" in given:
        given["seen"] = snapshot(dict(given["seen"]))
    if "bounds" in given:
        bounds = given["bounds"]
        given["bounds"] = Bounds(**{**bounds, "suspended": tuple(bounds["suspended"])})
    given["rules_known"] = frozenset(given.pop("rules_known", []))
    return Facts(**{**given, "declared": tuple(given["declared"])}, rules=tuple(rules))


@pytest.mark.parametrize("case", cases("drift"))
def test_judge(case: dict[str, Any]) -> None:
    """Each case file states its behaviour; every finding of it says what to do."""
    found = judge(facts(case["facts"]), "dev")
    assert [f"{each.kind}: {each.text}" for each in found] == case["expect"]
    assert all(each.next_step for each in found)
