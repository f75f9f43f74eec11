"""The folders of single runs of Terraform."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from slipway.infra import prepare
from slipway.infra.stacks import Stack


@dataclass
class Place:
    """A stack as far as its folder matters."""

    data_dir: Path


def test_a_runs_folder_goes_with_the_run(tmp_path: Path) -> None:
    """Plans and variables may hold secrets."""
    with prepare.run_folder(cast(Stack, Place(tmp_path))) as folder:
        (folder / "plan").touch()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_left_goes_with_the_next(tmp_path: Path) -> None:
    """Only what is old: the others are at work."""
    old, young = tmp_path / "run-old", tmp_path / "run-young"
    for folder in (old, young):
        folder.mkdir()
    then = time.time() - prepare.LEFT_OVER - 1
    os.utime(old, (then, then))
    with prepare.run_folder(cast(Stack, Place(tmp_path))):
        assert not old.exists()
        assert young.exists()


def test_a_run_that_ends_meanwhile_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder may go between being listed and being looked at."""
    monkeypatch.setattr(Path, "glob", lambda folder, _: iter([folder / "run-gone"]))
    with prepare.run_folder(cast(Stack, Place(tmp_path))) as folder:
        assert folder.is_dir()
