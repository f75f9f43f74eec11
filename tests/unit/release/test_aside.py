"""Services that a deploy goes on without."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from slipway.config import load
from slipway.console import Console
from slipway.errors import BuildError, DeployError
from slipway.model import Verdict
from slipway.paths import Checkout
from slipway.release import aside
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from slipway.rollout.model import Outcome
from tests.release_site import said
from tests.samples import make_service

ROOT = Path(__file__).parents[3]


def site(**needs: list[str]) -> Site:
    """An environment with services that need each other like this."""
    services = {name: make_service(name, needs=found) for name, found in needs.items()}
    settings = replace(load(Checkout(ROOT), "local"), services=services)
    nothing: Any = None
    console = Console(out=StringIO(), err=StringIO())
    return Site(
        checkout=Checkout(ROOT), settings=settings, console=console, aws=nothing, ecr=nothing
    )


def progress(here: Site) -> Progress:
    return Progress(options=Options(), chosen=tuple(here.settings.services))


def names(here: Site) -> list[str]:
    return list(here.settings.services)


def test_others_go_on_without_the_one_that_failed() -> None:
    """Its error is its outcome, with the remedy; it is said at once, and the others stay."""
    here = site(orders=[], users=[])
    now = progress(here)
    error = BuildError("orders: its tests fail\nE   assert 1 == 2", next_step="mend the test")
    aside.fail(here, now, {"orders": error})
    outcome = now.outcome("orders")
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reason == "orders: its tests fail; nothing was rolled out"
    assert outcome.cause
    assert (outcome.cause.remedy, outcome.cause.lines) == ("mend the test", ("E   assert 1 == 2",))
    assert names(aside.going(here, now)) == ["users"]
    assert "orders: orders: its tests fail; the others go on" in said(here)


def test_the_error_itself_where_nothing_is_left() -> None:
    """A deploy of one service ends with that service's error, and its exit code."""
    here = site(orders=[])
    with pytest.raises(BuildError, match="its tests fail"):
        aside.fail(here, progress(here), {"orders": BuildError("orders: its tests fail")})


def test_every_error_is_said_where_nothing_is_left() -> None:
    """The first is raised, the others are not lost."""
    here = site(orders=[], users=[])
    errors = {"orders": BuildError("one", next_step="this"), "users": DeployError("other")}
    with pytest.raises(BuildError, match="one"):
        aside.fail(here, progress(here), errors)
    assert "! other" in said(here)


def test_a_wave_that_fails_is_not_the_whole_deploy() -> None:
    """Where others are still to come, or have come up, there is no error but a verdict."""
    here = site(orders=[], users=[])
    now = progress(here)
    aside.fail(aside.only(here, ["orders"]), now, {"orders": DeployError("no")})
    assert now.bad == {"orders"}


def test_what_needs_a_bad_one_is_skipped() -> None:
    """It is not started, says for whom it waited, and those that need it are skipped as well."""
    here = site(orders=[], users=["orders"], web=["users"], free=[])
    now = progress(here)
    now.settled["orders"] = Outcome(verdict=Verdict.ROLLED_BACK)
    for wave in (["users", "free"], ["web"]):
        aside.skip(aside.only(here, wave), now)
    assert now.outcome("users").verdict is Verdict.SKIPPED
    assert now.outcome("users").reason == "needs orders, which did not come up; it was not started"
    assert now.outcome("web").reason == "needs users, which did not come up; it was not started"
    assert "free" not in now.settled


def test_what_was_skipped_is_not_the_reason() -> None:
    """A deploy of several ends with the worst verdict of those that were tried."""
    assert Verdict.worst([Verdict.SKIPPED, Verdict.FAILED, Verdict.DEPLOYED]) is Verdict.FAILED
    assert Verdict.worst([Verdict.ROLLED_BACK, Verdict.FAILED]) is Verdict.ROLLED_BACK
    assert Verdict.worst([Verdict.DEPLOYED, Verdict.UNCHANGED]).good
