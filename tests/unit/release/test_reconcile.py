"""Settling releases that nobody completed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from slipway.model import Verdict
from slipway.release import aim, deploy, reconcile
from slipway.release.reconcile import Seen, settled
from slipway.release.serving import Serving
from slipway.release.world import Site
from slipway.rollout import appspec
from slipway.rollout.model import Outcome
from tests.cases_files import cases
from tests.fake_codedeploy import FakeShop, shifted
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, release, said, stored, wrote

TOKEN = 9


def serving(revision: int | None) -> Serving | None:
    if revision is None:
        return None
    moment = datetime(2026, 11, 20, 10, tzinfo=UTC)
    arn = f"{FAMILY}:{revision}"
    return Serving(task_definition=arn, image="repo@sha256:1", port=8000, registered=moment)


@pytest.mark.parametrize("case", cases("release/settle"))
def test_what_became_of_it(case: dict[str, Any]) -> None:
    """The verdict says what really serves, not what was hoped for."""
    seen = case["seen"]
    verdict = next((each for each in Verdict if each.label == seen.get("verdict")), None)
    outcome = Outcome(verdict=verdict, reason=seen.get("reason", "")) if verdict else None
    here = serving(seen.get("serving"))
    left = release(7, "in_progress", ended="")
    if not case.get("noted", True):
        left = replace(left, task_definition="")
    found = settled(left, Seen(serving=here, under_way="under_way" in seen, outcome=outcome))
    assert (found.verdict, found.reason) == (case["want"]["verdict"], case["want"]["reason"])
    assert found.ended
    assert found.id == left.id


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[deployment(3, 2, "IN_PROGRESS")]])) as made:
        yield made


def settle(site: Site) -> None:
    make = partial(deploy.target, site)
    reconcile.settle(site, make, TOKEN, site.settings.services["app"])


def test_a_rollout_under_way_is_left_to_itself(site: Site) -> None:
    """The record is closed and told of; ECS is not touched."""
    left = release(2, "in_progress", ended="", deployment="ecs-svc/3")
    wrote(site, release(1), left)
    settle(site)
    newest = stored(site)[0]
    assert (newest.verdict, newest.token) == ("interrupted", TOKEN)
    assert "goes on by itself" in newest.reason
    assert left.id in said(site)
    assert site.aws.ecs.count("update_service") == 0  # type: ignore[attr-defined]


def test_a_rollout_that_was_never_noted_is_known_by_its_image(site: Site) -> None:
    """Killed between ECS's answer and our note of it."""
    left = release(0, "in_progress", task_definition="", image="repo@sha256:old")
    wrote(site, left)
    settle(site)
    newest = stored(site)[0]
    assert "goes on by itself" in newest.reason


def test_a_shift_that_was_never_noted_is_known_by_its_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed between CodeDeploy's answer and our note of it: its deployment is noted then."""
    shop = FakeShop()
    shop.definitions[f"{FAMILY}:3"] = definition(3, "repo@sha256:3")
    shop.begin("d-7", appspec.revision(shifted(), f"{FAMILY}:3", 8000))
    shop.green("d-7", 3)
    with make_site(shop) as site:
        for client in ("codedeploy", "elbv2"):
            site.aws.__dict__[client] = shop
        changed = {"cluster": "local", "service": "local-app"}
        monkeypatch.setattr(aim, "shifted", lambda base, *_: shifted(base.image, **changed))
        left = release(0, "in_progress", task_definition="", image="repo@sha256:3", previous="")
        wrote(site, left)
        settle(site)
        (found,) = stored(site)
    assert (found.verdict, found.deployment) == ("interrupted", "d-7")
    assert (found.task_definition, found.previous) == (f"{FAMILY}:3", f"{FAMILY}:2")
    assert "goes on by itself" in found.reason


def test_an_image_that_served_before_is_not_ours(site: Site) -> None:
    """The same image, released again, and killed before its rollout: that is no rollout of it."""
    left = release(5, "in_progress", task_definition="", image="repo@sha256:old")
    wrote(site, left)
    settle(site)
    assert "before anything was rolled out; local-app:2 serves" in stored(site)[0].reason


def test_what_is_complete_is_left_alone(site: Site) -> None:
    """Only what is open is settled, and only down to the newest that is not."""
    before = [release(3), release(2, "in_progress"), release(1)]
    wrote(site, *before)
    settle(site)
    assert [each.verdict for each in stored(site)] == ["deployed", "in_progress", "deployed"]
    assert said(site) == ""


def test_twice_is_once(site: Site) -> None:
    """Settling again finds nothing to do."""
    wrote(site, release(2, "in_progress", deployment="ecs-svc/3"))
    settle(site)
    settle(site)
    assert said(site).count("was left open") == 1
