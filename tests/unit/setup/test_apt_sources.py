"""Where Debian's archive is read from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from slipway.setup.apt_sources import archive_lines, host_sources

CASES = sorted((Path(__file__).parents[2] / "cases" / "apt").glob("*.toml"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_archive_lines(file: Path, tmp_path: Path) -> None:
    """Another release comes from the mirrors and with the keys that the machine has for its own."""
    case = tomllib.loads(file.read_text())
    for name, text in case["files"].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert list(archive_lines(case["release"], host_sources(tmp_path))) == case["lines"]


def test_a_machine_without_apt(tmp_path: Path) -> None:
    """Elsewhere the choice of a mirror is left to mmdebstrap."""
    assert archive_lines("trixie", host_sources(tmp_path / "none")) == ()
