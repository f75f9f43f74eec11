"""Attaching to a rollout that a deploy left behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.release import lease, proof, resume
from slipway.release.holder import TERM
from slipway.release.progress import Options
from slipway.release.world import Site
from slipway.rollout import watch
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, said, stored, wrote


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL", (0.0, 0.0))
    monkeypatch.setattr(proof, "verify", lambda *_, **__: "")


@contextmanager
def left(verdict: str, *states: str) -> Iterator[Site]:
    """A release of revision 3 that ended so, and what ECS says of its rollout since."""
    ecs = FakeEcs([[deployment(3, 3, state)] for state in states])
    with make_site(ecs) as site:
        image = push(site, "v3")
        ecs.definitions[f"{FAMILY}:3"] = definition(3, image)
        wrote(site, release(3, verdict, image=image, deployment="ecs-svc/3", smoke=""))
        yield site


@pytest.mark.parametrize("verdict", ["in_progress", "interrupted", "timed_out"])
def test_it_watches_verifies_and_completes_the_release(verdict: str) -> None:
    """Killed, detached or out of time: the same release gets its end, and nothing is begun."""
    with left(verdict, "IN_PROGRESS", "IN_PROGRESS", "COMPLETED") as site:
        progress = resume.resume(site, Options())
        assert progress.outcome("app").verdict is Verdict.DEPLOYED
        (found,) = stored(site)
        assert (found.id, found.verdict, found.smoke) == (release(3).id, "deployed", "none")
        assert found.token > 0
        assert site.aws.ecs.count("update_service") == 0  # type: ignore[attr-defined]
        assert release(3).actor in said(site)


def test_what_came_to_its_end_meanwhile_is_verified() -> None:
    """Nobody had asked it whether it serves."""
    with left("in_progress", "COMPLETED") as site:
        resume.resume(site, Options())
        assert stored(site)[0].verdict == "deployed"


def test_what_went_wrong_meanwhile_is_written_down() -> None:
    """An open release gets the end that it came to."""
    with left("in_progress", "FAILED") as site:
        progress = resume.resume(site, Options())
        assert progress.outcome("app").verdict is Verdict.FAILED
        assert stored(site)[0].verdict == "failed"


@pytest.mark.parametrize("verdict", ["deployed", "failed", "rolled_back", "superseded"])
def test_where_nothing_was_left_it_says_so(verdict: str) -> None:
    """With the release that was looked at, and what to do instead."""
    with left(verdict, "COMPLETED") as site:
        with pytest.raises(DeployError, match=f"ended {verdict}") as caught:
            resume.resume(site, Options())
        assert "invoke deploy --env=local" in caught.value.next_step


def test_an_interruption_that_went_back_is_over() -> None:
    """Its end was told; that another revision serves is no news."""
    with left("interrupted", "COMPLETED") as site:
        wrote(site, release(4, "interrupted", deployment="ecs-svc/4"))
        with pytest.raises(DeployError, match="ended interrupted"):
            resume.resume(site, Options())
        assert stored(site)[0].verdict == "interrupted"


def test_a_release_that_came_to_no_rollout_is_none() -> None:
    """Killed while Terraform ran: there is nothing to watch."""
    with left("in_progress", "COMPLETED") as site:
        wrote(site, release(4, "in_progress", task_definition="", deployment=""))
        with pytest.raises(DeployError, match="no rollout was left"):
            resume.resume(site, Options())


@pytest.mark.parametrize(("problem", "verdict"), [("", "deployed"), ("5xx", "rolled_back")])
def test_an_interrupted_bake_time_begins_anew(
    monkeypatch: pytest.MonkeyPatch, problem: str, verdict: str
) -> None:
    """All of it, and alarms since the release began count: nobody has watched them since."""
    baked: list[Any] = []

    def bake(_aws: Any, services: Sequence[Any], **_: Any) -> Iterator[tuple[str, str]]:
        baked.extend(services)
        yield "app", problem

    monkeypatch.setattr("slipway.release.bake.bake", bake)
    with left("interrupted", "COMPLETED") as site:
        ecs: Any = site.aws.ecs
        monkeypatch.setattr(ecs, "update_service", partial(went_back, ecs))
        app = site.settings.services["app"]
        patient = replace(app, deploy=replace(app.deploy, bake=5))
        site.settings = replace(site.settings, services={"app": patient})
        progress = resume.resume(site, Options())
        assert progress.outcome("app").verdict.label == verdict
        assert [each.verdict for each in stored(site)] == [verdict]
    (baking,) = baked
    assert baking.seconds == 300
    assert datetime.fromtimestamp(baking.began, UTC).isoformat() == release(3).began


def went_back(ecs: FakeEcs, **asked: Any) -> dict[str, Any]:
    """The revision before serves at once."""
    ecs.script = [[deployment(4, int(asked["taskDefinition"][-1]), "COMPLETED")]]
    return {"service": ecs._service("app", ecs.script[0])}


def test_what_was_never_noted_is_taken_up() -> None:
    """AWS did not say whether the rollout began: it did, and its image tells."""
    with left("in_progress", "COMPLETED") as site:
        image = stored(site)[0].image
        began = "2026-11-20T09:59:00+00:00"
        unsure = {"image": image, "task_definition": "", "deployment": "", "began": began}
        wrote(site, release(3, "in_progress", smoke="", **unsure))
        resume.resume(site, Options())
        (found,) = stored(site)
        assert (found.verdict, found.deployment) == ("deployed", "ecs-svc/3")


def test_it_waits_for_the_lease_of_a_killed_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed on another machine, its lease has to run out first."""
    waits: list[float] = []
    real = lease.acquire

    def acquire(*args: Any, wait: float, **more: Any) -> lease.Lease:
        waits.append(wait)
        return real(*args, wait=wait, **more)

    monkeypatch.setattr(lease, "acquire", acquire)
    with left("in_progress", "COMPLETED") as site:
        resume.resume(site, Options(wait=0))
    assert waits[0] > TERM
