"""What to do about a rollout that did not end well, or that a signal broke into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from slipway.aws import Aws
from slipway.model import Verdict
from slipway.release import recover
from slipway.release.progress import Options, Progress
from slipway.rollout import model
from slipway.rollout import watch as watching
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout
from tests.fake_ecs import FAMILY, FakeAws, FakeEcs, deployment, target

OLD, NEW = f"{FAMILY}:2", f"{FAMILY}:3"


def rollout(*, previous: str = OLD, verdict: Verdict | None = None) -> Rollout:
    watched = Watched(deployment_id="ecs-svc/9", task_definition=NEW, previous=previous)
    made = Rollout(target=target(), watched=watched)
    made.outcome = model.ended(made, verdict, "") if verdict else None
    return made


def world(state: str) -> tuple[FakeEcs, Aws, recover.Watch]:
    """An ECS in which going back ends in `state`."""
    ecs = FakeEcs([[deployment(3, 2, state)]])
    aws = cast(Aws, FakeAws(ecs))

    def watch(rollouts: Sequence[Rollout]) -> None:
        watching.watch(aws, rollouts, cast(Any, _Blind()), pause=lambda _: None)

    return ecs, aws, watch


class _Blind:
    def show(self, snapshots: object) -> None:
        return


@pytest.mark.parametrize(
    ("previous", "state", "verdict"),
    [
        (OLD, "COMPLETED", Verdict.ROLLED_BACK),
        (OLD, "FAILED", Verdict.FAILED),
        ("", "COMPLETED", Verdict.FAILED),
    ],
)
def test_a_service_that_does_not_serve_is_taken_back(
    previous: str, state: str, verdict: Verdict
) -> None:
    """ECS may call a deployment complete that users can't reach; that is no success."""
    _, aws, watch = world(state)
    bad = rollout(previous=previous, verdict=Verdict.DEPLOYED)
    recover.take_back(aws, watch, bad, "503 no healthy targets")
    assert bad.outcome
    assert bad.outcome.verdict is verdict
    assert "503" in bad.outcome.reason
    assert bad.outcome.cause


def progress(how: str, *rollouts: Rollout) -> Progress:
    made = Progress(options=Options(on_interrupt=cast(Any, how)))
    made.rollouts = {str(number): each for number, each in enumerate(rollouts)}
    return made


def test_a_signal_takes_back_what_has_not_ended() -> None:
    """What is done stays; what is under way goes back; each is told, but for what is verified."""
    ecs, aws, watch = world("COMPLETED")
    done, going = rollout(verdict=Verdict.DEPLOYED), rollout()
    said: list[str] = []
    made = progress("rollback", done, going, rollout(verdict=Verdict.DEPLOYED))
    made.smoke["2"] = "passed"
    recover.interrupted(aws, watch, said.append, made)
    assert done.outcome
    assert going.outcome
    assert done.outcome.verdict is Verdict.DEPLOYED
    assert going.outcome.verdict is Verdict.INTERRUPTED
    assert said == [
        "app: local-app:3 serves, and was not verified to the end; to do that: "
        "uv run invoke deploy --service=app --resume",
        "app: went back to local-app:2",
    ]
    assert ecs.count("update_service") == 1


@pytest.mark.parametrize(("how", "previous"), [("detach", OLD), ("rollback", "")])
def test_a_rollout_is_left_to_ecs(how: str, previous: str) -> None:
    """Asked to detach, or with nothing to go back to: nothing is touched, and it says so."""
    ecs, aws, watch = world("COMPLETED")
    said: list[str] = []
    recover.interrupted(aws, watch, said.append, progress(how, rollout(previous=previous)))
    assert ecs.count("update_service") == 0
    assert "ecs-svc/9" in said[0]


def test_a_failed_way_back_is_told() -> None:
    """Going back can fail too; nobody is told that it went well."""
    _, aws, watch = world("FAILED")
    assert "could not go back" in recover.stop(aws, watch, rollout(), "rollback")


def test_a_signal_on_the_way_back_is_no_success() -> None:
    """It failed its verification, and nobody saw it go back: the ledger must not say it serves."""
    _, aws, _ = world("COMPLETED")
    bad = rollout(verdict=Verdict.DEPLOYED)

    def stopped(_: Sequence[Rollout]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recover.take_back(aws, stopped, bad, "503 no healthy targets")
    assert bad.outcome
    assert bad.outcome.verdict is Verdict.INTERRUPTED
    assert "503" in bad.outcome.reason
    assert "the way back was not seen to its end" in bad.outcome.reason
