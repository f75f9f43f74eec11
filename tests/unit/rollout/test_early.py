"""Giving a rollout up before its own limits do."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.rollout.early import hopeless
from slipway.rollout.evidence import StoppedTask
from tests.cases_files import cases


def stopped(raw: dict[str, Any]) -> StoppedTask:
    return StoppedTask(**{"exit_code": None, **raw})


@pytest.mark.parametrize("case", cases("rollout/early"))
def test_hopeless(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    tasks = [stopped(each) for each in case.get("stopped", [])]
    assert hopeless(tasks, case["desired"]) == case["expect"]


def test_it_is_sooner_than_the_circuit_breaker() -> None:
    """For any number of tasks: at most as many failures as ECS waits for, mostly half of them."""
    task = stopped(
        {
            "id": "t",
            "reason": "Essential container in task exited",
            "code": "EssentialContainerExited",
            "exit_code": 1,
            "container_reason": "",
        }
    )
    for desired in (1, 2, 4, 10, 50, 400, 1000):
        breaker = min(200, max(3, -(-desired // 2)))
        needed = next(count for count in range(1, 1001) if hopeless([task] * count, desired))
        assert needed < breaker
