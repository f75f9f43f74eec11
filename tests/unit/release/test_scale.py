"""How many tasks run: one request, within bounds, watched to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.cli.scale import show
from slipway.errors import DeployError, LockedError
from slipway.model import Verdict
from slipway.release import lease, scale
from slipway.release.progress import Options
from slipway.release.scale import Asked
from slipway.release.world import Site
from slipway.rollout import observe, once
from slipway.rollout.model import Outcome
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site, printed, release, said, wrote


@dataclass
class Counting(FakeEcs):
    """An ECS whose tasks are as many as wanted from the second look on."""

    lag: int = 1

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        answer = super().describe_services(cluster=cluster, services=services)
        for service in answer["services"]:
            ready = self.lag <= 0 or self.desired == 1
            self.lag -= 0 if self.desired == 1 else 1
            for each in service["deployments"]:
                each["desiredCount"] = self.desired
                each["runningCount"] = self.desired if ready else 1
        return answer


@dataclass
class FakeScaling:
    """One scalable target, or none."""

    found: list[dict[str, Any]] = field(default_factory=list)
    registered: list[tuple[int, int]] = field(default_factory=list)

    def describe_scalable_targets(self, **given: Any) -> dict[str, Any]:
        assert given["ResourceIds"] == ["service/slipway-local/slipway-local-app"]
        return {"ScalableTargets": self.found}

    def register_scalable_target(self, **given: Any) -> None:
        self.registered.append((given["MinCapacity"], given["MaxCapacity"]))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "POLL", (0.0, 0.0))
    monkeypatch.setattr(once, "LOOKS", (0.0,))


@pytest.fixture
def ecs() -> Counting:
    return Counting([[deployment(2, 4, "COMPLETED")]])


@pytest.fixture
def scaling() -> FakeScaling:
    return FakeScaling([{"MinCapacity": 1, "MaxCapacity": 4}])


@pytest.fixture
def site(ecs: Counting, scaling: FakeScaling) -> Iterator[Site]:
    with make_site(ecs) as made:
        made.aws.__dict__["autoscaling"] = scaling
        wrote(made, release(4))
        yield made


def go(site: Site, to: int, **bounds: int) -> tuple[scale.Plan, Outcome]:
    return scale.scale(site, Asked(to=to, **bounds), Options())


def test_it_is_asked_for_once_and_watched(site: Site, ecs: Counting) -> None:
    """What it was is told, and bounds that fit stay as they are."""
    plan, outcome = go(site, 3)
    assert outcome.verdict is Verdict.DEPLOYED
    assert (ecs.desired, ecs.count("update_service")) == (3, 1)
    show(site.console, plan, outcome, as_json=False)
    assert printed(site) == "app: 1 -> 3 tasks; scaling between 1 to 4\n"
    assert "scaling goes on from 1 to 4" in said(site)


def test_twice_is_once(site: Site, ecs: Counting, scaling: FakeScaling) -> None:
    """Nothing is sent where all is as asked for."""
    assert go(site, 1)[1].verdict is Verdict.UNCHANGED
    assert (ecs.count("update_service"), scaling.registered) == (0, [])


def test_bounds_give_way_before_the_tasks_come(site: Site, scaling: FakeScaling) -> None:
    """Else scaling would take them back; what brings the bounds back is said."""
    assert go(site, 6)[1].verdict is Verdict.DEPLOYED
    assert scaling.registered == [(1, 6)]
    assert "the next Terraform run of app brings these bounds back" in said(site)


def test_none_at_all_is_warned_of(site: Site, ecs: Counting, scaling: FakeScaling) -> None:
    """Who serves nobody should know it, and what the next deploy does."""
    ecs.lag = 0
    assert go(site, 0)[1].verdict is Verdict.DEPLOYED
    assert (ecs.desired, scaling.registered) == (0, [(0, 4)])
    assert "503" in said(site)
    assert "the next deploy of app gives it 1 again" in said(site)


def test_without_scaling_there_are_no_bounds(site: Site, scaling: FakeScaling) -> None:
    """The number alone is changed."""
    scaling.found = []
    assert go(site, 2)[1].verdict is Verdict.DEPLOYED
    assert scaling.registered == []


def test_tasks_that_crash_are_a_cause(
    site: Site, ecs: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not waited for until the time is up: the cause, and the way back to how it was."""
    ecs.lag = 99
    crash = {
        "taskDefinitionArn": f"{FAMILY}:4",
        "startedBy": "ecs-svc/2",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "app", "exitCode": 1}],
    }
    ecs.stopped = [{**crash, "taskArn": f"task/{number}"} for number in range(3)]
    ecs.definitions[f"{FAMILY}:4"] = ecs.definitions[f"{FAMILY}:2"]
    looks = iter([frozenset[str](), *[frozenset(f"task/{n}" for n in range(3))] * 9])
    monkeypatch.setattr(scale, "stopped", lambda *_: next(looks))
    monkeypatch.setattr(observe, "_targets", lambda *_: ())
    plan, outcome = go(site, 3)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.cause
    assert "exit" in outcome.cause.title
    show(site.console, plan, outcome, as_json=False)
    assert "invoke scale --env=local --service=app --to=1" in said(site)


def test_a_rollout_or_a_lease_is_waited_for(site: Site, ecs: Counting) -> None:
    """Whoever rolls out has an idea of how many."""
    ecs.script = [[deployment(2, 4, "IN_PROGRESS")]]
    with pytest.raises(LockedError, match="is under way"):
        go(site, 3)
    ecs.script = [[deployment(2, 4, "COMPLETED")]]
    lease.acquire(site.aws.dynamodb, "slipway-locks", "lease/local/app")
    with pytest.raises(LockedError, match="is being deployed by"):
        go(site, 3)
    assert ecs.count("update_service") == 0


def test_a_service_that_is_not_there(site: Site, ecs: Counting) -> None:
    """Deploy it first."""
    ecs.script = [[]]
    with pytest.raises(DeployError, match="does not run in local"):
        go(site, 3)
