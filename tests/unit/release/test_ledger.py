"""What was released: one JSON document per release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from slipway import names
from slipway.errors import DeployError, UsageError
from slipway.release import ledger
from slipway.release.world import Site
from tests.fake_ecs import FakeEcs
from tests.release_site import make_site, release, wrote

BUCKET = "slipway-state-000000000000-us-west-1"


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[]])) as made:
        assert names.state_bucket(made.settings) == BUCKET
        yield made


def test_what_was_written_is_read() -> None:
    """Nothing is lost on the way through JSON."""
    written = release(1, phases={"rollout": 1.5}, serials={"platform": 3}, token=7)
    assert ledger.parse(json.dumps(asdict(written)).encode(), written.key) == written


def test_documents_of_the_first_format_are_read() -> None:
    """A ledger that began before today is no worse for it."""
    new = {
        *("kind", "origin", "token", "deployment", "strategy", "smoke"),
        *("configuration", "serials", "secrets"),
    }
    old = {key: value for key, value in asdict(release(1)).items() if key not in new}
    found = ledger.parse(json.dumps({**old, "schema_version": 1}).encode(), "key")
    assert (found.kind, found.smoke, found.verified) == ("deploy", "", True)


def test_documents_of_a_newer_slipway_are_refused() -> None:
    """What they mean can't be known; the way out is told."""
    document = {**asdict(release(1)), "schema_version": 3}
    with pytest.raises(DeployError, match="newer Slipway") as caught:
        ledger.parse(json.dumps(document).encode(), "key")
    assert "up to date" in caught.value.next_step


def test_the_newest_comes_first(site: Site) -> None:
    """Over more of them than one page of a listing has."""
    wrote(site, *(release(number) for number in (3, 1, 2)))
    found = ledger.releases(site.aws.s3, BUCKET, "local", "app")
    assert [each.id for each in found] == [release(number).id for number in (3, 2, 1)]


def test_a_service_whose_name_begins_alike_is_another(site: Site) -> None:
    """`app` is not `app-admin`."""
    wrote(site, release(1), release(2, service="app-admin"))
    assert ledger.ids(site.aws.s3, BUCKET, "local", "app") == [release(1).id]


def test_an_unknown_release_names_the_nearest(site: Site) -> None:
    """A slip of the finger is told from a release that is gone."""
    wrote(site, release(1))
    with pytest.raises(UsageError, match=f"did you mean {release(1).id}") as caught:
        ledger.find(site.aws.s3, BUCKET, "local", "app", release(1).id[:-1])
    assert "invoke history" in caught.value.next_step


def test_what_was_no_release_is_forgotten(site: Site) -> None:
    """Nothing of it is listed any more."""
    wrote(site, release(1))
    ledger.forget(site.aws.s3, BUCKET, release(1))
    assert ledger.ids(site.aws.s3, BUCKET, "local", "app") == []
