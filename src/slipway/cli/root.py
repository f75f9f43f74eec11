"""Puts the namespaces of all task modules together."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from invoke.collection import Collection

TOP: Sequence[str] = (
    "setup",
    "config",
    "cost",
    "build",
    "deploy",
    "promote",
    "rollback",
    "restart",
    "scale",
    "render",
    "drift",
    "clean",
    "status",
    "logs",
    "exec",
    "run",
    "open",
    "history",
    "diff",
    "sbom",
    "affected",
    "plan",
    "rehearse",
    "new",
    "importing",
    "dev",
    "destroy",
)
"""Modules whose tasks are called by their own name: `invoke deploy`."""

GROUPS: Sequence[str] = ("ci", "jobs", "local", "state", "secrets", "template")
"""Modules whose tasks are called by group and name: `invoke local.up`."""


def namespace(top: Sequence[str] = TOP, groups: Sequence[str] = GROUPS) -> Collection:
    """The tasks of these modules of `slipway.cli` as one collection."""
    root = Collection()
    for name in top:
        for task in _module_namespace(name).tasks.values():
            root.add_task(task)
    for name in groups:
        group = _module_namespace(name)
        for task in group.tasks.values():
            task.typed = f"{name}.{task.name}"
        root.add_collection(group, name)
    return root


def _module_namespace(name: str) -> Collection:
    found = import_module(f"slipway.cli.{name}").ns
    assert isinstance(found, Collection)
    return found
