"""The service scheduler's decisions, by case files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.ecs.decide import (
    Action,
    Deployment,
    Service,
    Start,
    Stop,
    Task,
    decide,
    threshold,
)

CASES = sorted((Path(__file__).parents[2] / "cases" / "ecs_scheduler").glob("*.toml"))


LIMITS = [
    (desired, minimum, maximum)
    for desired in (1, 2, 3, 10)
    for minimum in (0, 50, 100)
    for maximum in (100, 150, 200)
    if desired * maximum // 100 > -(-desired * minimum // 100)
]
"""Those that leave room to move; AWS can't roll with others either."""


def service_of(table: dict[str, Any]) -> Service:
    table["deployments"] = [Deployment(**one) for one in table.get("deployments", [])]
    table["tasks"] = [Task(**one) for one in table.get("tasks", [])]
    return Service(**table)


def shown(action: Action) -> str:
    if isinstance(action, Start):
        return f"Start({action.count})"
    if isinstance(action, Stop):
        return f"Stop({action.arn}: {action.failing})" if action.failing else f"Stop({action.arn})"
    return type(action).__name__


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The scheduler decides what the case file says, in its order."""
    case = tomllib.loads(path.read_text())
    assert [shown(a) for a in decide(service_of(case["service"]))] == case["actions"], case["why"]


def test_there_are_cases() -> None:
    """The case files are found."""
    assert len(CASES) >= 30


@pytest.mark.parametrize(("desired", "failures"), [(0, 3), (1, 3), (6, 3), (7, 4), (400, 200)])
def test_threshold(desired: int, failures: int) -> None:
    """Half of the tasks, rounded up, at least 3 and at most 200."""
    assert threshold(desired) == failures
    assert threshold(1000) == 200


@pytest.mark.parametrize(("desired", "minimum", "maximum"), LIMITS)
def test_a_rollout_arrives_and_keeps_the_limits(desired: int, minimum: int, maximum: int) -> None:
    """Played to its end, a rollout stays within both limits and ends with new tasks only."""
    tasks = {f"o{n}": Task(arn=f"o{n}", deployment="old", state="running", healthy=True)
             for n in range(desired)}  # fmt: skip
    for step in range(100):
        service = Service(
            desired=desired,
            minimum=minimum,
            maximum=maximum,
            breaker=True,
            deployments=[
                Deployment(id="new", primary=True, state="IN_PROGRESS"),
                Deployment(id="old", primary=False, state="COMPLETED"),
            ],
            tasks=list(tasks.values()),
        )
        actions = decide(service)
        for action in actions:
            if isinstance(action, Stop):
                del tasks[action.arn]
        for action in actions:
            for n in range(action.count if isinstance(action, Start) else 0):
                arn = f"n{step}-{n}"
                tasks[arn] = Task(arn=arn, deployment="new", state="starting")
        healthy = sum(task.healthy for task in tasks.values())
        assert healthy * 100 >= desired * minimum
        assert len(tasks) <= max(1, desired * maximum // 100)
        if any(shown(action) == "Complete" for action in actions):
            break
        tasks = {arn: Task(arn=arn, deployment=task.deployment, state="running", healthy=True)
                 for arn, task in tasks.items()}  # fmt: skip
    assert {task.deployment for task in tasks.values()} == {"new"}
    assert len(tasks) == desired
