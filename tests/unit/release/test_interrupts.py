"""A signal in each phase of a deploy: the lease is free, one version serves, the ledger says so."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

import pytest
from invoke.exceptions import Exit

from slipway import names, signals
from slipway.cli.guard import guarded
from slipway.errors import Interrupted
from slipway.infra import state
from slipway.model import Verdict
from slipway.release import (
    bake,
    deploy,
    furnish,
    holder,
    lease,
    ledger,
    migrations,
    proof,
    standing,
)
from slipway.release.progress import OnInterrupt, Options, Progress
from slipway.release.world import Site, World
from slipway.rollout import watch
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, said, stored
from tests.samples import make_service

KEY = "lease/local/app"
PHASES = ("lease", "services", "migrations", "rollout", "verification", "bake", "record")


@dataclass
class Ecs(FakeEcs):
    """An ECS whose rollouts take four looks; `serving` are the revisions, in their order."""

    script: list[list[dict[str, Any]]] = field(
        default_factory=lambda: [[deployment(2, 2, "COMPLETED")]]
    )
    serving: list[int] = field(default_factory=lambda: [2])
    at_look: Callable[[], None] = lambda: None

    def update_service(self, *, taskDefinition: str = "", service: str, **_: Any) -> Any:  # noqa: N803
        self.called.append(("update_service", taskDefinition))
        revision, number = int(taskDefinition.rsplit(":", 1)[1]), 2 + self.count("update_service")
        self.serving.append(revision)
        going, done = (deployment(number, revision, each) for each in ("IN_PROGRESS", "COMPLETED"))
        self.script = [[going], [going], [going], [done]]
        return {"service": self._service(service, [going])}

    def describe_services(self, **asked: Any) -> dict[str, Any]:
        if len(self.script) == 3:
            self.at_look()
        return super().describe_services(**asked)


@dataclass
class Stage:
    """A deploy that is stopped in one phase."""

    world: World
    ecs: Ecs
    number: int

    def signal(self, *_: Any, **__: Any) -> None:
        os.kill(os.getpid(), self.number)
        time.sleep(0.01)

    def run(self, options: Options) -> int:
        """The exit code of the deploy."""
        with pytest.raises(Exit) as left:
            guarded(lambda: ended(deploy.deploy(self.world, options)), "deploy")
        return int(left.value.code)

    @property
    def holder(self) -> holder.Holder | None:
        return lease.read(self.world.aws.dynamodb, names.lock_table(self.world.settings), KEY)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Everything is real but Terraform, images and the service's answers."""
    ecs = Ecs()
    app = make_service("app", deploy={"bake": 5}, scale={"min": 1})
    monkeypatch.setattr(watch, "POLL", (0.0, 0.0))
    with make_site(ecs, app) as site:
        parts = {each.name: getattr(site, each.name) for each in fields(Site)}
        world = World(**parts, runner=cast(Any, None), terraform=cast(Any, None), image=built)
        image = push(site, "v3")
        ecs.definitions[f"{FAMILY}:1"] = definition(1, "repo@sha256:template")

        def furnished(world: World, progress: Progress) -> None:
            standing.demand(world, progress, app, release(3, image=image))

        nothing: dict[str, Any] = {}
        monkeypatch.setattr(state, "ready", lambda *_, **__: None)
        monkeypatch.setattr(furnish, "build_beside_platform", furnished)
        monkeypatch.setattr(furnish, "apply_services", lambda *_: None)
        monkeypatch.setattr(furnish, "demand_secrets", lambda *_: None)
        monkeypatch.setattr(migrations, "run_all", lambda *_: nothing)
        monkeypatch.setattr(proof, "verify", lambda *_, **__: "")
        monkeypatch.setattr(bake, "bake", lambda *_, **__: [("app", "")])
        yield Stage(world, ecs, signal.SIGINT)


def ended(progress: Progress) -> Verdict:
    return progress.outcome("app").verdict


def built(*_: Any) -> Any:
    pytest.fail("no image is built here")


def arm(stage: Stage, phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the signal come in `phase`."""
    if phase == "lease":
        wait_for_somebody(stage)
        threading.Timer(0.3, stage.signal).start()
    elif phase == "rollout":
        stage.ecs.at_look = stage.signal
    elif phase == "record":
        write = ledger.record

        def record(s3: Any, bucket: str, ended: ledger.Release) -> None:
            if not ended.open:
                stage.signal()
            write(s3, bucket, ended)

        monkeypatch.setattr(ledger, "record", record)
    else:
        module, name = {
            "services": (furnish, "apply_services"),
            "migrations": (migrations, "run_all"),
            "verification": (proof, "check"),
            "bake": (bake, "bake"),
        }[phase]
        monkeypatch.setattr(module, name, stage.signal)


def wait_for_somebody(stage: Stage) -> None:
    """Somebody else, of another machine, holds the lease."""
    now = time.time()
    mine = holder.here(id="other", token=1, now=now)
    other = replace(mine, machine="elsewhere", expires=now + 60)
    stage.world.aws.dynamodb.put_item(
        TableName=names.lock_table(stage.world.settings), Item=holder.item_for(KEY, other)
    )


BACK, LEFT = "went back to local-app:2", "ECS goes on with deployment ecs-svc/3"
SERVES = "stopped before it was verified; its revision serves"
NOTHING = "nothing was rolled out: a signal came"

WANT: dict[tuple[str, OnInterrupt], tuple[str, str, list[int]]] = {
    ("lease", "rollback"): ("", "", [2]),
    ("services", "rollback"): ("interrupted", NOTHING, [2]),
    ("migrations", "rollback"): ("interrupted", NOTHING, [2]),
    ("rollout", "rollback"): ("interrupted", BACK, [2, 3, 2]),
    ("rollout", "detach"): ("interrupted", LEFT, [2, 3]),
    ("verification", "rollback"): ("interrupted", SERVES, [2, 3]),
    ("verification", "detach"): ("interrupted", SERVES, [2, 3]),
    ("bake", "rollback"): ("interrupted", SERVES, [2, 3]),
    ("bake", "detach"): ("interrupted", SERVES, [2, 3]),
    ("record", "rollback"): ("deployed", "", [2, 3]),
}
"""By phase and `--on-interrupt`: verdict and reason in the ledger, and what was brought out."""


@pytest.mark.parametrize(
    ("phase", "how", "number"),
    [(*each, signal.SIGINT) for each in WANT]
    + [(phase, "rollback", signal.SIGTERM) for phase in ("services", "rollout", "record")],
)
def test_a_first_signal(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
    how: OnInterrupt,
    number: int,
) -> None:
    """INT and TERM alike."""
    stage.number = number
    arm(stage, phase, monkeypatch)
    verdict, reason, serving = WANT[phase, how]
    assert stage.run(Options(on_interrupt=how, wait=60)) == 128 + number
    assert stage.ecs.serving == serving
    found = stored(stage.world)
    assert [each.verdict for each in found] == ([verdict] if verdict else [])
    assert all(reason in each.reason for each in found)
    left = stage.holder
    assert left is None or (phase, left.id) == ("lease", "other")
    if reason == SERVES:
        assert "was not verified to the end" in said(stage.world)


def test_what_a_job_says_of_its_end_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Terraform was asked to stop, and what became of its lock is not hidden by the signal."""

    def apply(*_: Any) -> None:
        with signals.deferred():
            stage.signal()
            raise Interrupted("the state is saved and not locked", signal=stage.number)

    monkeypatch.setattr(furnish, "apply_services", apply)
    with pytest.raises(Exit, match="the state is saved and not locked"):
        guarded(lambda: ended(deploy.deploy(stage.world, Options())), "deploy")
    assert stored(stage.world)[0].verdict == "interrupted"


def test_last_words_are_of_the_phase(stage: Stage) -> None:
    """A second signal in the verification must not speak of the rollout, which is over."""
    progress = Progress(options=Options())
    with signals.interruptible() as interrupts:
        with deploy.phase(stage.world, progress, "services"):
            assert "during 'services'" in interrupts.last_words
            assert "state.list --env=local names locks left behind" in interrupts.last_words
        with deploy.phase(stage.world, progress, "verification"):
            assert "during 'verification'" in interrupts.last_words
            assert "history --env=local" in interrupts.last_words
            assert "locks" not in interrupts.last_words


def test_every_phase_is_in_the_table() -> None:
    """A phase that is added has to be thought of."""
    assert {phase for phase, _ in WANT} == set(PHASES)
