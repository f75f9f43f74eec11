"""The base image that is built where the official one can't be pulled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from slipway.command import Command
from slipway.errors import Interrupted, ToolError
from slipway.setup import base_image
from slipway.testing import FakeRunner, printed

TRIXIE = "python:3.13-slim-trixie"
BOOKWORM = "python:3.11-slim-bookworm"


@pytest.mark.parametrize(("python", "name"), [("3.13", TRIXIE), ("3.11", BOOKWORM)])
def test_name(python: str, name: str) -> None:
    """Each Python is that of a Debian release, so that the archive's own can stand in."""
    assert base_image.base_image_name(python) == name
    assert base_image.can_build(name)


@pytest.mark.parametrize(
    "name",
    [
        "python:3.12-slim-trixie",
        "python:3.11-slim-trixie",
        "python:3.13-trixie",
        "example.com/python:3.13-slim-trixie",
        "postgres:16",
        "",
    ],
)
def test_what_the_archive_does_not_have(name: str) -> None:
    """An image of another kind is never faked; the error says what to do instead."""
    assert not base_image.can_build(name)
    with pytest.raises(ToolError) as error:
        base_image.release_of(name)
    assert error.value.next_step == f"docker pull {name}"


def test_steps() -> None:
    """Packages, refinement, import; every one is left out of a dry run."""
    first, second, third = base_image.steps(
        TRIXIE, Path("/t"), ("deb http://m/debian trixie main",)
    )
    assert first.argv[-3:] == ("trixie", "/t/raw.tar", "deb http://m/debian trixie main")
    assert "python3.13-minimal" in str(first)
    assert second.argv[1:] == ("-m", "slipway.setup.rootfs", "/t/raw.tar", "/t/refined.tar")
    assert third.argv[-2:] == ("/t/refined.tar", TRIXIE)
    assert all(step.mutates for step in (first, second, third))


def test_configuration_is_the_official_ones() -> None:
    """Dockerfiles rely on its PATH and its locale; the label tells ours from theirs."""
    shown = base_image.import_image(TRIXIE, Path("x.tar")).argv
    assert 'CMD ["python3"]' in shown
    assert "ENV LANG=C.UTF-8" in shown
    assert f"LABEL org.slipway.source={base_image.SOURCE}" in shown


def test_a_failure_says_why() -> None:
    """One message with the archive's own errors, and the way out."""
    said = "I: running apt-get update...\nErr:1 http://m trixie\nE: no network\nI: removing\n"
    failing = FakeRunner().on("mmdebstrap", printed(said, code=1))
    with pytest.raises(ToolError) as error:
        base_image.build_from_debian(TRIXIE, failing)
    assert error.value.message.splitlines()[1:] == ["Err:1 http://m trixie", "E: no network"]
    assert "apt-get update" in error.value.next_step


def test_interrupted_it_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C removes the half-made archives and imports nothing."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def interrupted(command: Command) -> str:
        Path(command.argv[-1]).touch()
        raise Interrupted("interrupted")

    halfway = FakeRunner().on("mmdebstrap").on(sys.executable, interrupted)
    with pytest.raises(Interrupted):
        base_image.build_from_debian(TRIXIE, halfway)
    assert list(tmp_path.iterdir()) == []
