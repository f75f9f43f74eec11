"""Attaching to a rollout that a deploy left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
