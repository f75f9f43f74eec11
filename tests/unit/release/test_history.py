"""The releases of an environment as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from slipway.release import lease
from slipway.release.history import UNWRITTEN, history, marked, seconds
from slipway.release.world import Site
from tests.fake_ecs import FAMILY, FakeEcs, deployment
from tests.release_site import make_site, release, stored, wrote
from tests.samples import make_service


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[deployment(3, 2, "COMPLETED")]])) as made:
        yield made


def test_the_newest_come_first_and_what_serves_is_marked(site: Site) -> None:
    """A failed release after it changes nothing about that."""
    wrote(site, release(1), release(2), release(3, "failed", reason="it exits with code 1"))
    found = history(site, 20)
    assert [each.release.id for each in found] == [release(number).id for number in (3, 2, 1)]
    assert [each.serves for each in found] == [False, True, False]
    assert [each.note for each in found] == ["it exits with code 1", "", ""]


def test_only_as_many_as_were_asked_for(site: Site) -> None:
    """The newest of all services together."""
    services = {name: make_service(name) for name in ("app", "web")}
    site.settings = replace(site.settings, services=services)
    wrote(site, release(1), release(2), release(3, service="web"), release(4, service="web"))
    found = history(site, 3)
    assert [each.release.service for each in found] == ["web", "web", "app"]


def test_one_under_way_says_who_and_where(site: Site) -> None:
    """Its holder is alive: that is no end."""
    lease.acquire(site.aws.dynamodb, "slipway-locks", "lease/local/app").enter("rollout")
    wrote(site, release(2, "in_progress", ended="", deployment="ecs-svc/3"))
    (entry,) = history(site, 20)
    assert entry.release.verdict == "in_progress"
    assert "now: rollout" in entry.note
    assert lease.whoami() in entry.note


def test_one_left_open_is_shown_as_it_stands(site: Site) -> None:
    """Looking writes nothing: whoever may only read can still know."""
    wrote(site, release(2, "in_progress", ended="", deployment="ecs-svc/3"))
    (entry,) = history(site, 20)
    assert entry.release.verdict == "interrupted"
    assert UNWRITTEN in entry.note
    assert stored(site)[0].open


def test_a_service_without_releases_has_none(site: Site) -> None:
    """Nothing deployed yet is no error."""
    assert history(site, 20) == []


def test_a_row_is_short() -> None:
    """What a terminal has room for: short commits, whole seconds, the user without the process."""
    made = release(2, dirty=True, commit="c0ffee0123456789", kind="promote", origin="staging/1")
    (entry,) = marked([(made, "")], made.task_definition)
    assert entry.row == (
        *("*", made.id, "app", "deployed", "promote of staging/1"),
        *("v2+", "c0ffee01", "30", "ada@host"),
    )
    assert seconds(release(2, ended="")) == "-"


def test_the_newest_release_of_a_revision_is_marked() -> None:
    """A rollback brings an old revision again: it is the rollback that serves."""
    back = release(4, kind="rollback", task_definition=f"{FAMILY}:2")
    found = marked([(back, ""), (release(3), ""), (release(2), "")], f"{FAMILY}:2")
    assert [each.serves for each in found] == [True, False, False]
    assert not any(each.serves for each in marked([(release(1, task_definition=""), "")], ""))
