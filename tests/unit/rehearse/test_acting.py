"""Doing drills: what is rolled out, what goes wrong meanwhile, and the candidate again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.errors import DeployError, Interrupted
from slipway.model import ImageRef, Verdict
from slipway.rehearse import acting, faults
from slipway.rehearse.acting import Scene
from slipway.rehearse.child import built
from slipway.rehearse.drills import Drill, chosen
from slipway.rehearse.recorder import Recorder
from slipway.rehearse.sample import Sample
from slipway.rehearse.traffic import Traffic
from slipway.release.world import Built
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome
from tests.samples import make_service

BUILT = Built(
    ref=ImageRef(repository="r/greeter", tag="new", digest="sha256:1"), commit="c", dirty=False
)


@dataclass
class Stand:
    """What stands for the world: deploys end as they are told to, and are noted."""

    ends: list[Verdict | Exception]
    did: list[str] = field(default_factory=list)

    def deploy(self, world: Any, options: Any) -> Any:
        image = world.image(world.settings.services["greeter"], "r/greeter").ref.tag
        self.did.append(f"deploy {image}")
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        cause = None if end.good else Cause(title="exits with code 1", remedy="")
        return SimpleNamespace(outcome=lambda name: Outcome(verdict=end, cause=cause))

    @contextmanager
    def going_wrong(self, endpoint: str, wanted: Any) -> Iterator[None]:
        self.did.append(f"faults {dict(wanted)}")
        yield
        self.did.append("no faults")

    def killed(self, runner: Any, errand: Any, log: Any) -> bool:
        self.did.append(f"killed {errand.built.ref.tag}")
        return True


@dataclass
class Place:
    """The few fields of a world that drills touch."""

    settings: Any
    image: Any = None
    aws: Any = field(default_factory=lambda: SimpleNamespace(endpoint="http://x"))
    runner: Any = None
    minute: float = 2
    checkout: Any = field(default_factory=lambda: SimpleNamespace(root="/x", work=_Path()))


class _Path:
    def __truediv__(self, other: str) -> _Path:
        return self


@dataclass(frozen=True)
class Few:
    services: Any
    environment: Any = field(default_factory=lambda: SimpleNamespace(name="staging"))
    local: Any = field(default_factory=lambda: SimpleNamespace(port=1))


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    made = Stand([])
    monkeypatch.setattr(acting, "deploy", made.deploy)
    monkeypatch.setattr(acting, "workbench", lambda *_: None)
    monkeypatch.setattr(acting, "DockerEngine", lambda: None)
    monkeypatch.setattr(faults, "going_wrong", made.going_wrong)
    monkeypatch.setattr(faults, "killed", made.killed)

    def variant(bench: Any, source: Any, name: str, program: Any) -> Any:
        def make(service: Any, repository: str) -> Built:
            return replace(BUILT, ref=replace(BUILT.ref, tag=f"new-{name}"))

        return make

    monkeypatch.setattr(acting, "variant", variant)
    return made


def scene(*samples: Sample) -> Scene:
    service = make_service()
    traffic = Traffic("127.0.0.1", 80, (), 50, list(samples))
    return Scene(
        world=cast(Any, Place(Few({"greeter": service}))),
        console=Recorder(out=io.StringIO(), err=io.StringIO()),
        images={"greeter": BUILT},
        traffic={"greeter": traffic},
    )


def drill(name: str) -> Drill:
    return chosen((name,))[0]


def test_a_drill_ends_with_the_candidate_again(stand: Stand) -> None:
    """The faulty image, with its faults and no longer; then what served before."""
    stand.ends = [Verdict.ROLLED_BACK, Verdict.UNCHANGED]
    (found,) = acting.all_of(scene(), [drill("crash_on_start")])
    assert stand.did == ["faults {}", "deploy new-crash_on_start", "no faults", "deploy new"]
    assert (found.seen, found.cause, found.good) == ("rolled_back", "exits with code 1", True)


def test_faults_last_for_the_faulty_rollout_alone(stand: Stand) -> None:
    """The way back is not drilled."""
    stand.ends = [Verdict.DEPLOYED, Verdict.DEPLOYED]
    acting.all_of(scene(), [drill("throttled_api")])
    assert stand.did[0] == "faults {'throttle': 0.3}"
    assert stand.did.index("no faults") < stand.did.index("deploy new")


def test_a_deploy_that_refuses_is_an_end_and_a_signal_is_none(stand: Stand) -> None:
    """`failed` with the reason; Ctrl-C ends the rehearsal."""
    stand.ends = [DeployError("the migration failed\nmore"), Verdict.UNCHANGED]
    (found,) = acting.all_of(scene(), [drill("crash_on_start")])
    assert (found.seen, found.cause, found.good) == ("failed", "the migration failed", False)
    stand.ends = [Interrupted("stopped")]
    with pytest.raises(Interrupted):
        acting.all_of(scene(), [drill("crash_on_start")])


def test_a_candidate_that_does_not_come_back_is_told(stand: Stand) -> None:
    """The drill is not good, whatever it ended with."""
    stand.ends = [Verdict.ROLLED_BACK, Verdict.FAILED]
    (found,) = acting.all_of(scene(), [drill("crash_on_start")])
    assert not found.restored
    assert not found.good
    assert "exits with code 1" in found.note


def test_no_drill_is_held_without_the_candidate(stand: Stand) -> None:
    """What it would show is the state that the one before has left."""
    stand.ends = [Verdict.ROLLED_BACK, Verdict.FAILED]
    first, second = acting.all_of(scene(), [drill("crash_on_start"), drill("slow_drain")])
    assert (first.good, second.applies) == (False, False)
    assert second.note == "not held: the candidate is lost since crash_on_start"


@pytest.mark.parametrize(
    ("load", "told"), [(9.0, "this machine is busy: load 9 on 2 cores"), (1, "")]
)
def test_a_bad_end_on_a_busy_machine_is_told_with_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, load: float, told: str
) -> None:
    """Health checks and alarms of a machine that has too much to do say little."""
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    stand.ends = [Verdict.ROLLED_BACK, Verdict.UNCHANGED] * 2
    drills = [drill("crash_on_start"), drill("slow_drain")]
    good, bad = acting.all_of(scene(), drills)
    assert (good.good, good.note) == (True, "")
    assert (bad.good, bad.note) == (False, told)


def test_a_killed_deploy_is_run_again_with_the_same_image(stand: Stand) -> None:
    """In a process of its own first."""
    stand.ends = [Verdict.DEPLOYED, Verdict.DEPLOYED]
    (found,) = acting.all_of(scene(), [drill("tool_killed")])
    assert stand.did == ["killed new-tool_killed", "deploy new-tool_killed", "deploy new"]
    assert found.good


def test_what_says_nothing_about_a_service_is_not_done(stand: Stand) -> None:
    """It is said why."""
    (found,) = acting.all_of(scene(), [drill("database_gone")])
    assert stand.did == []
    assert (found.applies, found.note) == (False, "greeter has no database")


def test_requests_count_from_the_first_step_until_the_candidate_is_back(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of other drills don't."""
    clock = iter([10.0, 15.0, 20.0])
    monkeypatch.setattr(acting, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    stand.ends = [Verdict.ROLLED_BACK, Verdict.UNCHANGED]
    asked = [Sample(at, 0.1, "/health", "v", "503" if at == 12 else "") for at in (1, 12, 19, 30)]
    setting = scene(*asked)
    setting.console.mark = lambda text: None  # type: ignore[method-assign]
    (found,) = acting.all_of(setting, [drill("crash_on_start")])
    assert (found.requests, found.failed, found.seconds, found.good) == (2, 1, 5.0, False)
    assert found.note.startswith("1 of 503")


def test_a_service_that_is_new_gets_no_requests(stand: Stand) -> None:
    """The live version does not have it; its drills are done all the same."""
    stand.ends = [Verdict.ROLLED_BACK, Verdict.UNCHANGED]
    (found,) = acting.all_of(replace(scene(), traffic={}), [drill("crash_on_start")])
    assert (found.requests, found.good) == (0, True)


def test_an_errand_arrives_whole() -> None:
    """The other process deploys the very same image."""
    errand = faults.Errand(
        root="/x", environment="prod", service="greeter", port=1, clock=2, built=BUILT
    )
    assert built(json.loads(errand.text())["built"]) == BUILT
