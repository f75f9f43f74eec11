"""Taking what serves in one environment to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from slipway.errors import DeployError
from slipway.release import promote
from slipway.release.promote import Candidate, refusal
from slipway.release.world import Site
from slipway.testing import FakeRunner, printed
from tests.cases_files import cases
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, said, stored, wrote
from tests.samples import make_service


@pytest.mark.parametrize("case", cases("release/promote"))
def test_what_is_refused_and_why(case: dict[str, Any]) -> None:
    """Only what serves, verified, and its smoke tests passed, goes on."""
    made = (
        release(
            7,
            case["verdict"],
            reason=case.get("reason", ""),
            smoke=case.get("smoke", "none"),
            dirty=case.get("dirty", False),
            commit="c0ffee0123",
        )
        if "verdict" in case
        else None
    )
    candidate = Candidate(
        release=made,
        image=case.get("serving", "repo@sha256:7"),
        holder=case.get("holder", ""),
        smoke=case.get("declared", False),
        protected=case.get("protected", False),
        foreign=case.get("foreign", False),
    )
    assert refusal(candidate) == case["want"]


@pytest.fixture
def site() -> Iterator[Site]:
    """Releases of app and of two services that nobody can promote."""
    ecs = FakeEcs([[deployment(2, 3, "COMPLETED")]])
    services = [make_service(name) for name in ("app", "bad", "new")]
    with make_site(ecs, *services) as made:
        image = push(made, "v3")
        ecs.definitions[f"{FAMILY}:3"] = definition(3, image)
        wrote(made, release(3, image=image), release(4, "failed", service="bad", reason="no"))
        yield made


def test_every_service_that_cant_go_is_told(site: Site) -> None:
    """One run is enough to know all that is in the way."""
    with pytest.raises(DeployError) as caught:
        promote.chosen(site, site)
    lines = caught.value.message.splitlines()
    assert "nothing was changed" in lines[0]
    assert [line.split(":")[0] for line in lines[1:]] == ["bad", "new"]
    assert "--service" in caught.value.next_step


def test_the_same_digest_goes_on(site: Site) -> None:
    """The image is that of the release, wherever it lies, and nothing is built or copied."""
    app = {"app": site.settings.services["app"]}
    site.settings = replace(site.settings, services=app)
    releases = promote.chosen(site, site)
    built = promote.images(site, site, releases, dry=False)(app["app"], "host/slipway/app")
    digest = stored(site)[0].digest
    assert str(built.ref) == f"host/slipway/app@{digest}"
    assert "the registry has v3" in said(site)
    assert promote.origins(site, releases) == {"app": f"local/{release(3).id}"}


def test_only_what_is_merged_goes_on(site: Site) -> None:
    """Each release's commit is asked for; who wants anything asks git nothing."""
    app = {"app": site.settings.services["app"]}
    site.settings = replace(site.settings, services=app)
    with pytest.raises(DeployError, match="not merged here"):
        promote.chosen(site, site, lambda commit: commit != release(3).commit)
    assert promote.chosen(site, site, lambda commit: commit == release(3).commit)


@pytest.mark.parametrize(("code", "merged"), [(0, True), (1, False), (128, False)])
def test_a_commit_is_merged_where_git_says_so(site: Site, code: int, merged: bool) -> None:
    """A commit that git does not know, as in a shallow clone, is not; neither is none."""
    runner = FakeRunner().on("git merge-base --is-ancestor", printed("", code=code))
    assert promote.merged(site.checkout, runner, "c0ffee") is merged
    assert runner.ran[0].argv[-2:] == ("c0ffee", "HEAD")
    assert not promote.merged(site.checkout, runner, "")
