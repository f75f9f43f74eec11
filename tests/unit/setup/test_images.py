from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway import tools
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup import base_image, images
from slipway.testing import FakeRunner, printed

SLIPWAY = """
[project]
name = "shop"
[environments.local]
target = "embedded"
[environments.old]
target = "embedded"
"""

SERVICE = """
name = "orders"
port = 8000
[route]
path = "/orders"
priority = 100
[environments.old]
python = "3.11"
"""

DOCKERFILE = """
ARG PYTHON_VERSION=3.13
ARG DEBIAN=trixie
FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS builder
FROM builder AS test
FROM python:${PYTHON_VERSION}-slim-${DEBIAN} AS runtime
"""

ABSENT = printed("", code=1, stderr="Error: No such image")
NO_NETWORK = printed("", code=1, stderr="Error response from daemon: lookup: no such host")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with one service, on a machine with docker and mmdebstrap."""
    (tmp_path / "slipway.toml").write_text(SLIPWAY)
    folder = tmp_path / "services/orders"
    folder.mkdir(parents=True)
    (folder / "service.toml").write_text(SERVICE)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for name in ("docker", "mmdebstrap"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    return Checkout(tmp_path)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were built from Debian's archive."""
    names: list[str] = []

    def build(name: str, runner: Runner) -> None:
        names.append(name)

    monkeypatch.setattr(base_image, "build_from_debian", build)
    return names


def docker(checkout: Checkout) -> FakeRunner:
    """A docker with an engine and no images."""
    runner = FakeRunner().on(f"{checkout.root}/bin/docker version", "28.1\n")
    return runner.on(f"{checkout.root}/bin/docker image inspect", ABSENT)


def test_every_environments_images_are_needed(checkout: Checkout) -> None:
    """Each Python that some environment uses, once; stages are no images."""
    assert images.needed(checkout) == ["python:3.13-slim-trixie", "python:3.11-slim-bookworm"]


def test_images_that_are_there_are_enough(checkout: Checkout) -> None:
    """Nothing is pulled again."""
    runner = (
        FakeRunner()
        .on(f"{checkout.root}/bin/docker version", "28.1\n")
        .on(f"{checkout.root}/bin/docker image inspect", "null\n")
    )
    found = images.look(checkout, runner)
    assert found.ok
    assert found.found == "python:3.13-slim-trixie, python:3.11-slim-bookworm"


@pytest.mark.parametrize(
    ("source", "there"),
    [(base_image.SOURCE, True), ("debian-archive", False), ("debian-archive/1", False)],
)
def test_an_image_of_an_earlier_checkout_is_built_anew(
    checkout: Checkout, source: str, there: bool
) -> None:
    """What we built says what is in it; one that was pulled has no such label, and stays."""
    labels = json.dumps({base_image.LABEL: source})
    runner = (
        FakeRunner()
        .on(f"{checkout.root}/bin/docker version", "28.1\n")
        .on(f"{checkout.root}/bin/docker image inspect", labels)
    )
    assert images.look(checkout, runner).ok == there


def test_what_is_missing_is_pulled(checkout: Checkout, built: list[str]) -> None:
    """The registry comes first."""
    runner = docker(checkout).on(f"{checkout.root}/bin/docker pull", "")
    images.mend(checkout, runner)
    pulled = [command.argv[-1] for command in runner.ran if "pull" in command.argv]
    assert pulled == images.needed(checkout)
    assert not built


def test_what_cannot_be_pulled_is_built(checkout: Checkout, built: list[str]) -> None:
    """Debian's archive gives an image of the same name."""
    runner = docker(checkout).on(f"{checkout.root}/bin/docker pull", NO_NETWORK)
    images.mend(checkout, runner)
    assert built == images.needed(checkout)


def test_another_image_can_only_be_pulled(checkout: Checkout, built: list[str]) -> None:
    """A base image of the user's own choice has no substitute; docker's reason is told."""
    dockerfile = checkout.services / "orders/Dockerfile"
    dockerfile.write_text("FROM registry.example.com/base:1\n")
    runner = docker(checkout).on(f"{checkout.root}/bin/docker pull", NO_NETWORK)
    with pytest.raises(ToolError, match=r"can't be pulled: .*no such host"):
        images.mend(checkout, runner)
    assert not built


def test_without_an_engine_it_is_not_looked_for(checkout: Checkout) -> None:
    """One missing engine is one thing to mend, not two."""
    runner = FakeRunner().on(f"{checkout.root}/bin/docker version", ABSENT)
    found = images.look(checkout, runner)
    assert (found.ok, found.would) == (False, "")
    assert "engine" in found.remedy
