"""git commands of ours are about the folder that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.git import git
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.tools


def test_a_hooks_repository_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git sets these for a hook; a task that one starts asks about its own checkout."""
    ours, runner = tmp_path / "ours", SubprocessRunner()
    ours.mkdir()
    runner.run(git(ours, "init", "--quiet"))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "theirs"))
    asked = git(ours, "rev-parse", "--show-toplevel")
    assert runner.run(asked).stdout.strip() == str(ours)


def test_an_index_of_its_own(tmp_path: Path) -> None:
    """What is named is passed on."""
    assert git(tmp_path, "status", env={"GIT_INDEX_FILE": "here"}).env["GIT_INDEX_FILE"] == "here"
