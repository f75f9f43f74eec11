"""What begins a rollout is done once, whatever becomes of its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.errors import SlipwayError, Unanswered
from slipway.model import Verdict
from slipway.rollout import codedeploy, once, rolling
from slipway.rollout.decide import Watched
from slipway.rollout.model import Rollout
from tests.fake_codedeploy import FakeShop, shifted
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment, target
from tests.faults import FATES, mostly, scripted
from tests.wire import connected

OLD, NEW = f"{FAMILY}:2", f"{FAMILY}:3"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(once, "LOOKS", (0.0, 0.0))


@dataclass
class Ecs(FakeEcs):
    """An ECS that does what it is told, at once; `others` come between by themselves."""

    script: list[list[dict[str, Any]]] = field(
        default_factory=lambda: [[deployment(2, 2, "COMPLETED")]]
    )
    comes_between: bool = False

    def update_service(self, *, taskDefinition: str = "", service: str, **_: Any) -> Any:  # noqa: N803
        self.called.append(("update_service", taskDefinition))
        number = 2 + self.count("update_service")
        revision = int(taskDefinition.rsplit(":", 1)[1])
        self.script = [[deployment(number, revision, "COMPLETED")]]
        answer = {"service": self._service(service, self.script[0])}
        if self.comes_between:
            self.script = [[deployment(9, 9, "IN_PROGRESS")]]
        return answer

    def list_tasks(self, **_: Any) -> dict[str, Any]:
        return {"taskArns": []}


@pytest.mark.parametrize("fate", FATES)
def test_one_deploy_is_one_update(fate: str) -> None:
    """Done and unheard, or not done at all: in the end it was done once, and is watched."""
    ecs = Ecs()
    aws, faults = connected(ecs, scripted(UpdateService=[fate]))
    rollout = rolling.start(aws, target())
    assert rollout.watched == Watched(deployment_id="ecs-svc/3", task_definition=NEW, previous=OLD)
    assert faults.done["ecs.UpdateService"] == ecs.count("update_service") == 1
    rolling.look(aws, [rollout])
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.DEPLOYED


@pytest.mark.parametrize("fate", FATES)
def test_one_way_back_is_one_update(fate: str) -> None:
    """The way back is a rollout like any other."""
    ecs = Ecs([[deployment(3, 3, "IN_PROGRESS")]])
    ecs.definitions[NEW] = definition(3, "repo@sha256:new")
    aws, faults = connected(ecs, scripted(UpdateService=[fate]))
    watched = Watched(deployment_id="ecs-svc/3", task_definition=NEW, previous=OLD)
    back = rolling.back(aws, Rollout(target=target(), watched=watched))
    assert faults.done["ecs.UpdateService"] == 1
    assert back.watched.task_definition == OLD


@pytest.mark.parametrize("fate", ["lost", "cut", "broken after"])
def test_nobody_who_came_between_is_run_over(fate: str) -> None:
    """Our update was done, unheard, and somebody else's after it: theirs stays."""
    ecs = Ecs(comes_between=True)
    aws, faults = connected(ecs, scripted(UpdateService=[fate]))
    with pytest.raises(SlipwayError, match="somebody else") as caught:
        rolling.start(aws, target())
    assert not isinstance(caught.value, Unanswered)
    assert faults.done["ecs.UpdateService"] == 1
    assert ecs.script[0][0]["taskDefinition"] == f"{FAMILY}:9"


def test_what_nobody_can_tell_is_said() -> None:
    """ECS is away after the request: neither failed nor deployed, and nothing is sent again."""
    ecs = Ecs()
    choose = scripted(UpdateService=["lost"], DescribeServices=["fine", *["unreached"] * 50])
    aws, faults = connected(ecs, choose)
    with pytest.raises(Unanswered, match="did not say whether the rollout began") as caught:
        rolling.start(aws, target())
    assert caught.value.exit_code == 9
    assert faults.done["ecs.UpdateService"] == 1


def test_what_ecs_never_does_is_given_up() -> None:
    """500 each time, and nothing changes: it is tried a few times, and then said."""
    aws, faults = connected(Ecs(), scripted(UpdateService=["broken"] * 50))
    with pytest.raises(Unanswered):
        rolling.start(aws, target())
    assert faults.met["ecs.UpdateService", "broken"] == once.ATTEMPTS
    assert faults.done["ecs.UpdateService"] == 0


def test_a_refusal_is_none_of_these() -> None:
    """What AWS says no to was not done, and is told as it is."""
    aws, _ = connected(Ecs(), scripted(UpdateService=["throttled"] * 50))
    with pytest.raises(SlipwayError, match="ThrottlingException") as caught:
        rolling.start(aws, target())
    assert not isinstance(caught.value, Unanswered)


@dataclass
class Shop(FakeShop):
    """CodeDeploy that lists what has ended, too."""

    ends_at_once: bool = False

    def list_deployments(self, includeOnlyStatuses: Any = (), **_: Any) -> dict[str, Any]:  # noqa: N803
        return {"deployments": self.running if includeOnlyStatuses else list(self.shifts)}

    def begin(self, identifier: str, revision: Any = None, **changes: Any) -> dict[str, Any]:
        made = super().begin(identifier, revision, **changes)
        if self.ends_at_once:
            made["status"] = "Failed"
        return made

    def create_deployment(self, **wanted: Any) -> dict[str, Any]:
        answer = super().create_deployment(**wanted)
        self.shifts[answer["deploymentId"]]["description"] = wanted["description"]
        return answer


@pytest.mark.parametrize("ends_at_once", [False, True])
@pytest.mark.parametrize("fate", FATES)
def test_one_deploy_is_one_deployment(fate: str, ends_at_once: bool) -> None:
    """CreateDeployment has no token: its mark tells ours, even where it ended meanwhile."""
    shop = Shop(ends_at_once=ends_at_once)
    aws, faults = connected(shop, scripted(CreateDeployment=[fate]))
    rollout = codedeploy.start(aws, shifted())
    assert rollout.watched == Watched(deployment_id="d-1", task_definition=NEW, previous=OLD)
    assert faults.done["codedeploy.CreateDeployment"] == len(shop.shifts) == 1


@pytest.mark.parametrize("fate", FATES)
def test_a_service_gets_its_first_tasks_whatever_becomes_of_the_answer(fate: str) -> None:
    """It is made with none where it needs secrets or a migration first."""
    (blue,) = FakeShop().sets
    shop = FakeShop(sets=[{**blue, "computedDesiredCount": 0, "runningCount": 0}], desired=0)
    aws, faults = connected(shop, scripted(UpdateService=[fate]))
    codedeploy.start(aws, shifted("repo@sha256:old", created=True, desired=1))
    assert shop.desired == 1
    assert faults.done["ecs.UpdateService"] == 1


@pytest.mark.parametrize("fate", FATES)
def test_a_stop_and_a_word_to_go_on_may_come_twice(fate: str) -> None:
    """Repeated, they find that it is so already."""
    shop = Shop()
    aws, _ = connected(shop, scripted(StopDeployment=[fate]))
    rollout = codedeploy.start(aws, shifted())
    shop.green("d-1", 3)
    back = codedeploy.back(aws, rollout)
    assert back.watched.returning
    assert len(shop.shifts) == 1


@pytest.mark.parametrize("seed", range(20))
def test_in_bad_weather_there_is_one_update_and_no_false_verdict(seed: int) -> None:
    """30 % throttled, and a tenth each broken and lost."""
    shares = {"throttled": 30, "broken": 5, "broken after": 5, "lost": 5, "cut": 5, "unreached": 5}
    ecs = Ecs()
    aws, faults = connected(ecs, mostly(seed, shares, {}))
    rollout = rolling.start(aws, target())
    rolling.look(aws, [rollout])
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.DEPLOYED
    assert faults.done["ecs.UpdateService"] == 1
