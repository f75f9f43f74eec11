"""git as commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.command import Command, command

_REPOSITORY: dict[str, str | None] = {
    "GIT_DIR": None,
    "GIT_INDEX_FILE": None,
    "GIT_WORK_TREE": None,
}
"""A git hook sets these for its own repository; they would point us at a wrong index."""


def git(
    folder: Path,
    *words: str,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    mutates: bool = False,
) -> Command:
    """A git command about the repository of `folder`, whatever a hook's environment says."""
    here = {**_REPOSITORY, **(env or {})}
    return command("git", *words, cwd=folder, env=here, stdin=stdin, mutates=mutates)
