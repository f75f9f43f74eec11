"""The base of the embedded AWS's own image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slipway import tools
from slipway.contained.image import BASE
from slipway.paths import Checkout
from slipway.setup import base_image, embedded_image
from slipway.testing import FakeRunner, printed

ABSENT = printed("", code=1)


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "executables", lambda *_, **__: [Path("/bin/docker")])
    monkeypatch.setenv("SLIPWAY_LOCAL_MODE", "container")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    (tmp_path / "slipway.toml").write_text('[project]\nname = "shop"\n')
    return Checkout(tmp_path)


def engine() -> FakeRunner:
    return FakeRunner().on("/bin/docker version").on("/bin/docker info", "Debian")


def test_a_process_needs_none(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most machines: nothing is pulled or built."""
    monkeypatch.setenv("SLIPWAY_LOCAL_MODE", "process")
    assert embedded_image.look(checkout, engine()).ok


def test_a_container_needs_it(checkout: Checkout) -> None:
    """It is there, or `setup` can get it."""
    assert embedded_image.look(checkout, engine().on("/bin/docker image inspect")).ok
    found = embedded_image.look(checkout, engine().on("/bin/docker image inspect", ABSENT))
    assert not found.ok
    assert "pull python:3.13-slim-trixie" in found.would


def test_what_can_be_pulled_is_not_built() -> None:
    """It gets a name of the embedded AWS's own."""
    runner = FakeRunner().on("/bin/docker")
    embedded_image.mend(runner)
    assert runner.shown == [
        "/bin/docker pull python:3.13-slim-trixie",
        f"/bin/docker tag python:3.13-slim-trixie {BASE}",
    ]


def test_else_it_is_built_with_haproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Debian's archive, whose Python images have no apt to install it by later."""
    built: list[Any] = []
    monkeypatch.setattr(
        base_image, "build_from_debian", lambda *words, **more: built.append((words, more))
    )
    runner = FakeRunner().on("/bin/docker pull", ABSENT)
    embedded_image.mend(runner)
    assert built == [(("python:3.13-slim-trixie", runner, "haproxy"), {"called": BASE})]


def test_more_packages_under_another_name(tmp_path: Path) -> None:
    """The same steps as for any Python image."""
    steps = base_image.steps("python:3.13-slim-trixie", tmp_path, (), "haproxy", called=BASE)
    assert "haproxy" in next(word for word in steps[0].argv if word.startswith("--include"))
    assert BASE in steps[-1].argv
