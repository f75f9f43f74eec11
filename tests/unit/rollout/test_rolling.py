"""Rolling updates: one UpdateService, batched looks, and the truth about the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from slipway.aws import Aws
from slipway.errors import DeployError, LockedError
from slipway.model import Verdict
from slipway.rollout import rolling, watch
from slipway.rollout.decide import Snapshot, Watched
from slipway.rollout.model import Rollout, Target
from tests.fake_ecs import FAMILY, FakeAws, FakeEcs, deployment, target

OLD, NEW = f"{FAMILY}:2", f"{FAMILY}:3"


@dataclass
class Seen:
    """A view that remembers."""

    shown: list[Mapping[str, Snapshot]] = field(default_factory=list)

    def show(self, snapshots: Mapping[str, Snapshot]) -> None:
        self.shown.append(dict(snapshots))

    def close(self) -> None:
        return


def run(ecs: FakeEcs, wanted: Target, pause: Callable[[float], None] = lambda _: None) -> Rollout:
    aws = cast(Aws, FakeAws(ecs))
    rollout = rolling.start(aws, wanted)
    watch.watch(aws, [rollout], Seen(), pause=pause)
    return rollout


def verdict(rollout: Rollout) -> Verdict:
    assert rollout.outcome
    return rollout.outcome.verdict


def test_a_deploy_updates_the_service_once() -> None:
    """One deploy is one UpdateService; peers made two and watched the wrong one."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 3, "COMPLETED")]])
    rollout = run(ecs, target())
    assert verdict(rollout) is Verdict.DEPLOYED
    assert ecs.count("update_service") == 1
    assert ecs.count("register_task_definition") == 1
    assert rollout.watched.previous == f"{FAMILY}:2"


def test_the_same_content_is_unchanged() -> None:
    """No revision is registered and no deployment started where nothing differs."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    rollout = run(ecs, target("repo@sha256:old"))
    assert verdict(rollout) is Verdict.UNCHANGED
    assert ecs.count("update_service") == 0
    assert ecs.count("register_task_definition") == 0


def test_a_service_that_this_deploy_created_is_deployed() -> None:
    """Terraform starts the first deployment; that is news, not `unchanged`."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    assert verdict(run(ecs, target("repo@sha256:old", created=True))) is Verdict.DEPLOYED


def test_a_deployment_under_way_is_attached_to() -> None:
    """Running an interrupted deploy again watches what is going on and starts nothing."""
    ecs = FakeEcs([[deployment(2, 2, "IN_PROGRESS")], [deployment(2, 2, "COMPLETED")]])
    assert verdict(run(ecs, target("repo@sha256:old"))) is Verdict.DEPLOYED
    assert ecs.count("update_service") == 0


def test_a_failed_deployment_of_the_same_content_is_tried_again() -> None:
    """A first deployment that failed leaves its revision as primary; that is not `unchanged`."""
    ecs = FakeEcs([[deployment(2, 2, "FAILED")], [deployment(3, 3, "COMPLETED")]])
    assert verdict(run(ecs, target("repo@sha256:old"))) is Verdict.DEPLOYED
    assert ecs.count("update_service") == 1


def test_a_breaker_rollback_is_rolled_back() -> None:
    """ECS forgets the failed deployment at the end; what was seen before is remembered."""
    ecs = FakeEcs(
        [
            [deployment(2, 2, "COMPLETED")],
            [deployment(3, 3, "IN_PROGRESS")],
            [deployment(4, 2, "IN_PROGRESS"), deployment(3, 3, "FAILED", primary=False)],
            [deployment(4, 2, "COMPLETED")],
        ]
    )
    assert verdict(run(ecs, target())) is Verdict.ROLLED_BACK


def test_the_time_being_up_is_a_verdict() -> None:
    """A deployment that does not end in time is neither a success nor a failure."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 3, "IN_PROGRESS")]])
    assert verdict(run(ecs, target(timeout=-1))) is Verdict.TIMED_OUT


def test_a_missing_service_is_an_error_with_a_way_out() -> None:
    """Somebody deleted the service by hand: say so, and how Terraform makes it again."""
    ecs = FakeEcs([[]])
    with pytest.raises(DeployError, match="no active service") as caught:
        run(ecs, target())
    assert "--refresh" in caught.value.next_step


def test_looks_are_batched_and_back_off() -> None:
    """Twelve services cost two calls a look, and quiet looks come farther apart."""
    ecs = FakeEcs([[deployment(3, 3, "IN_PROGRESS")]])
    aws = cast(Aws, FakeAws(ecs))
    watched = Watched(deployment_id="ecs-svc/3", task_definition=f"{FAMILY}:3")
    rollouts = [
        Rollout(target=target(service=f"s{n}", name=f"s{n}"), watched=watched) for n in range(12)
    ]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 12:
            ecs.script = [[deployment(3, 3, "COMPLETED")]]

    watch.watch(aws, rollouts, Seen(), pause=pause)
    sizes = [len(services) for _, services in ecs.called[:2]]
    assert sizes == [10, 2]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= watch.POLL[1]


def test_going_back_registers_nothing() -> None:
    """A rollback uses the revision that was verified, not a copy of it."""
    ecs = FakeEcs([[deployment(3, 2, "COMPLETED")]])
    aws = cast(Aws, FakeAws(ecs))
    first = Rollout(
        target=target(),
        watched=Watched(
            deployment_id="ecs-svc/2", task_definition=f"{FAMILY}:3", previous=f"{FAMILY}:2"
        ),
    )
    back = rolling.back(aws, first)
    watch.watch(aws, [back], Seen(), pause=lambda _: None)
    assert verdict(back) is Verdict.DEPLOYED
    assert ecs.count("register_task_definition") == 0


def test_a_new_port_travels_with_the_update() -> None:
    """Terraform ignores the service's load balancer, so a changed port is the rollout's to send."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 3, "COMPLETED")]])
    run(ecs, target(port=9000))
    sent = [given for name, given in ecs.called if name == "update_service"]
    assert sent == [[{"targetGroupArn": "tg", "containerName": "app", "containerPort": 9000}]]


def test_going_back_takes_the_old_port_along() -> None:
    """The revision that is gone back to listens where it always did."""
    ecs = FakeEcs([[deployment(3, 2, "COMPLETED")]])
    first = Rollout(
        target=target(port=9000),
        watched=Watched(
            deployment_id="ecs-svc/2", task_definition=f"{FAMILY}:3", previous=f"{FAMILY}:2"
        ),
        previous_port=7000,
    )
    rolling.back(cast(Aws, FakeAws(ecs)), first)
    assert ecs.called[-1][1][0]["containerPort"] == 7000


def test_an_unchanged_port_is_not_sent() -> None:
    """Without need, UpdateService is told about nothing but the revision."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 3, "COMPLETED")]])
    run(ecs, target())
    assert ("update_service", None) in ecs.called


def test_a_service_that_waited_for_its_first_migration_is_started() -> None:
    """Terraform makes it without tasks; the same revision is then no reason to do nothing."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 3, "COMPLETED")]], desired=0)
    rollout = run(ecs, target("repo@sha256:old", desired=1, created=True))
    assert verdict(rollout) is Verdict.DEPLOYED
    assert ecs.desired == 1


def test_a_service_that_is_switched_off_stays_off() -> None:
    """scale.min = 0: nothing runs, and that is what was asked for."""
    ecs = FakeEcs([[{**deployment(2, 2, "COMPLETED"), "desiredCount": 0}]], desired=0)
    assert verdict(run(ecs, target("repo@sha256:old"))) is Verdict.UNCHANGED
    assert ecs.count("update_service") == 0


def crashed(number: int) -> dict[str, Any]:
    return {
        "taskArn": f"arn:task/{number}",
        "taskDefinitionArn": NEW,
        "startedBy": "ecs-svc/3",
        "stoppedReason": "Essential container in task exited",
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "app", "exitCode": 1}],
    }


def under_way(ecs: FakeEcs) -> Rollout:
    """A rollout of which two tasks have crashed; ECS has not given it up."""
    rollout = rolling.start(cast(Aws, FakeAws(ecs)), target())
    ecs.script = [[deployment(3, 3, "IN_PROGRESS")]]
    ecs.stopped = [crashed(1), crashed(2)]
    return rollout


def test_a_crash_loop_goes_back_before_the_circuit_breaker() -> None:
    """The second task that ends alike: one more UpdateService, and the cause is known."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    aws, rollout = cast(Aws, FakeAws(ecs)), under_way(ecs)
    rolling.look(aws, [rollout])
    assert rollout.back
    assert rollout.outcome is None
    ecs.script = [[deployment(3, 2, "COMPLETED")]]
    rolling.look(aws, [rollout])
    assert verdict(rollout) is Verdict.ROLLED_BACK
    assert ecs.count("update_service") == 2
    assert rolling.explain(aws, rollout) == rollout.cause
    assert "exits with code 1" in (rollout.cause.title if rollout.cause else "")


def test_a_crash_loop_whose_way_back_fails_is_failed() -> None:
    """Nobody is told that the old revision serves when it does not."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    aws, rollout = cast(Aws, FakeAws(ecs)), under_way(ecs)
    rolling.look(aws, [rollout])
    ecs.script = [[deployment(3, 2, "FAILED")]]
    rolling.look(aws, [rollout])
    assert verdict(rollout) is Verdict.FAILED


def test_a_deployment_that_ecs_gave_up_is_left_to_it() -> None:
    """Two ways back at once would be one too many."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")]])
    rollout = under_way(ecs)
    ecs.script = [
        [deployment(4, 2, "IN_PROGRESS"), deployment(3, 3, "FAILED", primary=False)],
    ]
    rolling.look(cast(Aws, FakeAws(ecs)), [rollout])
    assert rollout.back is None
    assert ecs.count("update_service") == 1


def test_a_first_deployment_that_crashes_has_nothing_to_go_back_to() -> None:
    """The verdict comes at once all the same."""
    ecs = FakeEcs([[deployment(3, 3, "IN_PROGRESS")]])
    ecs.definitions[NEW] = ecs.definitions[OLD]
    ecs.stopped = [crashed(1), crashed(2)]
    watched = Watched(deployment_id="ecs-svc/3", task_definition=NEW)
    rollout = Rollout(target=target(), watched=watched)
    rolling.look(cast(Aws, FakeAws(ecs)), [rollout])
    assert verdict(rollout) is Verdict.FAILED
    assert ecs.count("update_service") == 0


def test_a_restart_forces_one_deployment_of_the_same_revision() -> None:
    """Nothing is registered; it is watched like any other."""
    ecs = FakeEcs([[deployment(2, 2, "COMPLETED")], [deployment(3, 2, "COMPLETED")]])
    aws = cast(Aws, FakeAws(ecs))
    rollout = rolling.restart(aws, target())
    assert rollout.watched == Watched(deployment_id="ecs-svc/3", task_definition=OLD, previous=OLD)
    watch.watch(aws, [rollout], Seen(), pause=lambda _: None)
    assert verdict(rollout) is Verdict.DEPLOYED
    assert [given for name, given in ecs.called if name == "update_service"] == ["forced"]
    assert ecs.count("register_task_definition") == 0


@pytest.mark.parametrize(
    "there",
    [
        [deployment(2, 2, "IN_PROGRESS")],
        [deployment(3, 3, "COMPLETED"), deployment(2, 2, "COMPLETED", primary=False)],
    ],
)
def test_a_rollout_under_way_is_not_restarted(there: list[dict[str, Any]]) -> None:
    """It replaces the tasks itself; how to watch it is said."""
    ecs = FakeEcs([there])
    with pytest.raises(LockedError, match="is under way") as caught:
        rolling.restart(cast(Aws, FakeAws(ecs)), target(environment="local"))
    assert "--env=local --service=app --resume" in caught.value.next_step
    assert ecs.count("update_service") == 0
