"""Whether the embedded AWS runs in a container."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from slipway import tools
from slipway.config import Local
from slipway.contained import mode
from slipway.testing import FakeRunner, printed


@pytest.mark.parametrize(
    ("wanted", "system", "engine", "expected"),
    [
        ("auto", "linux", "Debian GNU/Linux 12 (bookworm)", "process"),
        ("auto", "linux", "Docker Desktop", "container"),
        ("auto", "linux", "", "process"),
        ("auto", "darwin", "", "container"),
        ("process", "darwin", "Docker Desktop", "process"),
        ("container", "linux", "Debian GNU/Linux 12 (bookworm)", "container"),
    ],
)
def test_choose(wanted: Any, system: str, engine: str, expected: str) -> None:
    """What is wanted comes first; else it is where the engine's containers are."""
    assert mode.choose(wanted, system, engine) == expected


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "executables", lambda _: [Path("/bin/docker")])


@pytest.mark.usefixtures("docker")
def test_linux_asks_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker Desktop runs on Linux too; an engine that does not answer decides nothing."""
    monkeypatch.setattr(sys, "platform", "linux")
    local = Local(port=4566, mode="auto")
    desktop = FakeRunner().on("/bin/docker info", "Docker Desktop\n")
    assert mode.mode(local, desktop) == "container"
    assert mode.mode(local, FakeRunner().on("/bin/docker info", printed("", code=1))) == "process"


@pytest.mark.usefixtures("docker")
def test_elsewhere_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other systems have no containers of their own; nor is a wish questioned."""
    assert mode.mode(Local(port=4566, mode="process"), FakeRunner()) == "process"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert mode.mode(Local(port=4566, mode="auto"), FakeRunner()) == "container"
    assert mode.in_virtual_machine(FakeRunner())


def test_without_docker_it_is_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which will say that there is no engine."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(tools, "executables", lambda _: [])
    assert mode.mode(Local(port=4566, mode="auto"), FakeRunner()) == "process"
