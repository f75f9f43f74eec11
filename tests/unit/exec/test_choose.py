"""In which task a command runs, or why in none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from slipway.errors import DeployError, SlipwayError
from slipway.exec.choose import AGENT, Place, choose, demand_exec, identifier
from tests.cases_files import cases

PLACE = Place(service="app", environment="local", protected=False)


def task(case: Mapping[str, Any]) -> Mapping[str, Any]:
    agent = {"name": AGENT, "lastStatus": case.get("agent", "RUNNING")}
    if "reason" in case:
        agent["reason"] = case["reason"]
    agents = [agent] if agent["lastStatus"] else []
    return {
        "taskArn": f"arn:aws:ecs:us-west-1:0:task/c/{case['id']}",
        "lastStatus": case.get("status", "RUNNING"),
        "startedAt": case.get("started", 0),
        "enableExecuteCommand": bool(agents),
        "containers": [{"name": "app", "managedAgents": agents}],
    }


@pytest.mark.parametrize("case", cases("exec"))
def test_the_task_that_is_meant(case: Mapping[str, Any]) -> None:
    """Or one message, with what to do."""
    place = replace(PLACE, task=case.get("task", ""))
    tasks = [task(each) for each in case["tasks"]]
    if "chosen" in case:
        assert identifier(choose(place, tasks, "app")) == case["chosen"]
        return
    with pytest.raises(SlipwayError) as refused:
        choose(place, tasks, "app")
    assert refused.value.message == case["error"]
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("protected", "controller", "words", "next_step"),
    [
        (True, "ECS", "the environment is protected", "invoke run"),
        (False, "CODE_DEPLOY", "only when it is made", "made anew"),
        (False, "ECS", "ECS Exec is off for app in local", "--refresh"),
    ],
)
def test_where_it_is_off(protected: bool, controller: str, words: str, next_step: str) -> None:
    """Each reason with the way out of it."""
    service = {"enableExecuteCommand": False, "deploymentController": {"type": controller}}
    with pytest.raises(DeployError, match=words) as refused:
        demand_exec(replace(PLACE, protected=protected), service)
    assert next_step in refused.value.next_step
    demand_exec(PLACE, {"enableExecuteCommand": True})
