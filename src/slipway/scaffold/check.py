"""`invoke template.check`: which services are behind the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slipway.config.sources import service_folders
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.scaffold import record, versions
from slipway.scaffold.record import Record

State = Literal["current", "behind", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a service stands to the template; `files` are those of the template that have changed."""

    service: str
    state: State
    why: str = ""
    files: tuple[str, ...] = ()


def check(checkout: Checkout, runner: Runner) -> list[Standing]:
    """How each service stands. Raises `UsageError` without git."""
    tree = versions.current(checkout, runner)
    if not tree:
        raise UsageError(
            "this is no git repository, and the template's versions are git's", next_step="git init"
        )
    origins = {folder.name: _origin(folder) for folder in service_folders(checkout)}
    old = {origin.tree for origin in origins.values() if isinstance(origin, Record)}
    there = [each for each in old - {tree, ""} if versions.has(checkout, each, runner)]
    files = {each: tuple(versions.changed(checkout, each, tree, runner)) for each in there}
    return [judge(name, origin, tree, files) for name, origin in origins.items()]


def judge(
    service: str, origin: Record | str, tree: str, files: Mapping[str, tuple[str, ...]]
) -> Standing:
    """How a service of this origin (or without one: why) stands to the version `tree`; pure.

    `files` are those that differ, for each old version that is in this clone.
    """
    if isinstance(origin, str):
        return Standing(service=service, state="unknown", why=origin)
    if origin.tree == tree:
        return Standing(service=service, state="current")
    if origin.tree not in files:
        return Standing(service=service, state="behind", why="its version is not in this clone")
    found = files[origin.tree]
    why = f"{len(found)} file{'s' if len(found) != 1 else ''} of the template changed"
    return Standing(service=service, state="behind", why=why, files=found)


def _origin(folder: Path) -> Record | str:
    """The record of a service, or why there is none."""
    try:
        found = record.read(folder)
    except ConfigError as error:
        return error.message
    if found is None:
        return f"it has no {record.NAME}"
    return found if found.tree else "it was made without git"
