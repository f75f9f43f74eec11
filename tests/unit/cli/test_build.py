"""`invoke build`: images of the services that have a repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from invoke.context import Context

from slipway.cli.build import build
from slipway.config import Service
from slipway.errors import BuildError
from slipway.model import ImageRef
from slipway.release.world import Built, World
from tests.fake_ecs import FakeEcs
from tests.release_site import REPOSITORY, make_site
from tests.samples import make_service


def built(service: Service, repository: str) -> Built:
    """An image without a build."""
    ref = ImageRef(repository=repository, tag=f"hash-of-{service.name}", digest="sha256:1")
    return Built(ref=ref, commit="c0", dirty=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two services, of which one is so new that the registry knows nothing of it."""
    with make_site(FakeEcs([]), make_service("app"), make_service("new")) as site:
        made = cast(World, site)
        made.image = built
        made.ecr.delete_repository(repositoryName="slipway/new", force=True)
        monkeypatch.setattr("slipway.release.world.open_world", lambda *_: made)
        yield made


def test_what_has_a_repository_is_built(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The other one is left to the deploy, and said."""
    build.body(Context(), env="local", json=True)
    told, host = capsys.readouterr(), "123456789012.dkr.ecr.us-west-1.amazonaws.com"
    assert json.loads(told.out) == {
        "app": {"image": f"{host}/{REPOSITORY}@sha256:1", "version": "hash-of-app"}
    }
    assert "new: no repository yet; a deploy makes it" in told.err


def test_images_are_a_table(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Service, version, digest."""
    build.body(Context(), env="local")
    assert capsys.readouterr().out.splitlines()[1].split() == ["app", "hash-of-app", "sha256:1"]


def test_an_image_that_does_not_build(world: World) -> None:
    """Its error is the command's."""

    def broken(*_: Any) -> Built:
        raise BuildError("app: its tests fail")

    world.image = broken
    with pytest.raises(BuildError, match="its tests fail"):
        build.body(Context(), env="local")
