"""Migrations: before anything of the new revision serves, and nothing of it where one fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from slipway.errors import DeployError
from slipway.infra.apply import StackOutcome
from slipway.infra.plan import PlanSummary
from slipway.model import ImageRef, Verdict
from slipway.release import deploy, migrations, proof
from slipway.release.progress import Options, Progress
from slipway.release.world import Built, World
from slipway.rollout import oneoff
from slipway.rollout.oneoff import Ended, OneOff
from tests.fake_ecs import FAMILY, FakeEcs
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import make_site
from tests.samples import make_service

FAILED = Ended(task="t1", exit_code=3, reason="Essential container in task exited", log=("no t",))
DONE = Ended(task="t2", exit_code=0, reason="", log=())


@pytest.fixture
def ecs() -> FakeEcs:
    return FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]])


@pytest.fixture
def world(ecs: FakeEcs) -> Iterator[World]:
    """Two services that migrate; revision 2 serves."""
    with make_site(ecs, make_service("app"), make_service("web")) as site:
        yield cast(World, site)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[OneOff]:
    """What was run; the migration of `app` fails."""
    tasks: list[OneOff] = []

    def run(_aws: Any, wanted: OneOff, **_: Any) -> Ended:
        tasks.append(wanted)
        return FAILED if wanted.service.endswith("app") else DONE

    monkeypatch.setattr(oneoff, "run", run)
    return tasks


def progress(*chosen: str, digest: str = "sha256:new", migrates: bool = True) -> Progress:
    outputs = {
        "task_definition_arn": f"{FAMILY}:1",
        "target_group_arn": "tg",
        "url": "http://lb/app",
        "migration_task_definition_arn": f"{FAMILY}-migrate:1" if migrates else None,
    }
    stack = StackOutcome(changed=False, skipped=True, summary=PlanSummary(), outputs=outputs)
    ref = ImageRef(repository="repo", tag="v", digest=digest)
    return Progress(
        options=Options(),
        chosen=chosen,
        images=dict.fromkeys(chosen, Built(ref=ref, commit="", dirty=False)),
        stacks=dict.fromkeys(chosen, stack),
    )


def go(world: World, now: Progress) -> None:
    """A wave of all services, as a deploy does it."""
    announcer: Any = type("Silent", (), {"look": lambda _: None})()
    deploy.go(world, now, (), announcer)


def test_a_failed_migration_stops_its_own_rollout_alone(
    world: World, ecs: FakeEcs, ran: list[OneOff], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The revision that serves `app` is not touched, and `web` goes on."""
    monkeypatch.setattr(deploy, "follow", lambda *_: None)
    monkeypatch.setattr(proof, "verify_all", lambda *_, **__: None)
    now = progress("app", "web")
    go(world, now)
    assert sorted(each.service for each in ran) == ["slipway-local-app", "slipway-local-web"]
    assert list(now.rollouts) == ["web"]
    outcome = now.outcome("app")
    assert outcome.verdict is Verdict.FAILED
    assert "ended with code 3; nothing was rolled out" in outcome.reason
    assert outcome.cause
    assert any("no t" in line for line in outcome.cause.lines)
    assert ecs.count("update_service") == ecs.count("register_task_definition") == 1


def test_a_deploy_of_one_service_ends_with_its_failed_migration(
    ecs: FakeEcs, ran: list[OneOff]
) -> None:
    """ECS hears of nothing new, and the error has the migration's own last words."""
    with make_site(ecs, make_service("app")) as site, pytest.raises(DeployError, match="no t"):
        go(cast(World, site), progress("app"))
    assert len(ran) == 1
    assert ecs.count("update_service") == ecs.count("register_task_definition") == 0


def test_the_new_image_migrates_before_it_serves(world: World, ran: list[OneOff]) -> None:
    """The task is of the migration's own template, with the image that is about to serve."""
    now = progress("app", "web")
    migrations.run_all(world, now, deploy.targets(world, now))
    assert {(each.template, each.image) for each in ran} == {
        (f"{FAMILY}-migrate:1", "repo@sha256:new")
    }


@pytest.mark.parametrize("given", [{"digest": "sha256:old"}, {"migrates": False}])
def test_nothing_to_roll_out_is_nothing_to_migrate(
    world: World, ran: list[OneOff], given: dict[str, Any]
) -> None:
    """What serves already has been migrated, and some services have no database."""
    now = progress("app", "web", **given)
    assert migrations.run_all(world, now, deploy.targets(world, now)) == {}
    assert ran == []
