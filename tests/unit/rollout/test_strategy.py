"""What is said of a rollout that nobody watches any more."""

from __future__ import annotations

import pytest

from slipway.rollout import codedeploy, rolling, strategy
from slipway.rollout.decide import Watched
from slipway.rollout.model import Memory, Rollout
from tests.fake_codedeploy import shifted
from tests.fake_ecs import target


def rollout(how: str = "canary", **changes: object) -> Rollout:
    aim = target() if how == "rolling" else shifted(strategy=how)
    identifier = "ecs-svc/3" if how == "rolling" else "d-1"
    watched = Watched(deployment_id=identifier, task_definition="f/app:3", previous="f/app:2")
    made = Rollout(target=aim, watched=watched)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize("how", ["blue_green", "canary", "linear"])
def test_three_strategies_are_codedeploys(how: str) -> None:
    """They differ in the deployment group, which Terraform makes, and in nothing else."""
    assert strategy.of(shifted(strategy=how)) is codedeploy
    assert strategy.of(target()) is rolling


@pytest.mark.parametrize(
    ("how", "words"), [("rolling", "ECS goes on with deployment ecs-svc/3"), ("linear", "d-1")]
)
def test_a_rollout_under_way_is_named(how: str, words: str) -> None:
    """Who goes on, with what, and how to watch it again."""
    said = strategy.left(rollout(how))
    assert words in said
    assert "the same deploy again" in said


def test_one_that_waits_for_our_word_ends_by_itself() -> None:
    """Without us nobody tries the new tasks, and CodeDeploy stops after its wait."""
    waiting = rollout()
    waiting.target = shifted(before_traffic=lambda: "")
    assert "ends by itself" in strategy.left(waiting)
    waiting.memory.asked = True
    assert "ends by itself" not in strategy.left(waiting)


def test_one_that_has_not_begun_leaves_nothing() -> None:
    """It waited for the standby before it."""
    assert "nothing was begun" in strategy.left(rollout(memory=Memory(awaits="d-0")))


def test_a_way_back_goes_on_too() -> None:
    """A second signal during the way back does not end it."""
    going = rollout("rolling", back=rollout("rolling"))
    assert "way back to app:3" in strategy.left(going)
