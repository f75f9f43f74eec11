"""Watching rollouts of any strategy to their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from slipway import signals
from slipway.aws import Aws
from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.rollout import codedeploy, rolling, watch
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout
from tests import fake_ecs
from tests.fake_codedeploy import shifted
from tests.fake_ecs import FakeEcs, deployment, target


class Blind:
    """A view that shows nothing."""

    def show(self, snapshots: object) -> None:
        return

    def close(self) -> None:
        return


def under_way() -> tuple[FakeEcs, Aws, Rollout]:
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    aws = cast(Aws, fake_ecs.FakeAws(ecs))
    rollout = rolling.start(aws, target())
    ecs.script = [[deployment(3, 3, "IN_PROGRESS")], [deployment(3, 3, "COMPLETED")]]
    return ecs, aws, rollout


def test_an_error_is_no_verdict_and_says_what_goes_on() -> None:
    """AWS does not answer any more: the rollout is as it was, and goes on."""
    ecs, aws, rollout = under_way()

    def throttled(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "call")

    ecs.describe_services = throttled  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="watching the rollout") as caught:
        watch.watch(aws, [rollout], Blind(), pause=lambda _: None)
    assert rollout.outcome is None
    assert "ECS goes on with deployment ecs-svc/3" in caught.value.next_step


def test_the_last_words_name_what_goes_on() -> None:
    """A second signal leaves no time to ask: what is under way is known before."""
    _, aws, rollout = under_way()
    with signals.interruptible() as state:
        watch.watch(aws, [rollout], Blind(), pause=lambda _: None)
        assert "app: ECS goes on with deployment ecs-svc/3" in state.last_words


def test_strategies_are_watched_by_one_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is one for all rollouts of a strategy, and the loop ends with the last of them."""
    looks: list[tuple[str, int]] = []

    def looking(name: str) -> Any:
        def look(_: Aws, rollouts: Sequence[Rollout]) -> bool:
            looks.append((name, len(rollouts)))
            rollouts[0].end(Verdict.DEPLOYED, "")
            return True

        return look

    monkeypatch.setattr(rolling, "look", looking("rolling"))
    monkeypatch.setattr(codedeploy, "look", looking("codedeploy"))
    watched = Watched(deployment_id="x", task_definition="app:3")
    aims = [target(), shifted(), shifted(strategy="linear")]
    rollouts = [Rollout(target=aim, watched=watched) for aim in aims]
    watch.watch(cast(Aws, None), rollouts, Blind(), pause=lambda _: None)
    assert looks == [("rolling", 1), ("codedeploy", 2), ("codedeploy", 1)]
