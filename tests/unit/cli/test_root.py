"""The tasks of this checkout as they are, and what loading them costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from invoke.collection import Collection

from slipway.cli.root import GROUPS, TOP, namespace
from slipway.cli.task import Task

HEAVY = {"boto3", "botocore", "docker", "pydantic", "cookiecutter", "rich", "requests"}

# `exec` and `run` give stdout to somebody else's command, `local.logs` to somebody else's log;
# `ci.comment` sends what a file says, and its caller has that already.
NO_DOCUMENT = {"ci.comment", "exec", "local.logs", "run"}


def tasks(collection: Collection) -> dict[str, Task[..., None]]:
    return {name: collection[name] for name in collection.task_names}


def test_every_task_is_ours() -> None:
    """Every task has the strict flags, and a summary for the list."""
    for name, task in tasks(namespace()).items():
        assert isinstance(task, Task), name
        assert (task.__doc__ or "").strip(), name


def test_a_task_knows_what_calls_it() -> None:
    """Errors name the task as it is typed, group included."""
    every = tasks(namespace())
    assert {name: task.typed for name, task in every.items()} == {name: name for name in every}


def test_every_flag_is_explained() -> None:
    """Every flag says what it is for."""
    silent = [
        f"{name} {flag}"
        for name, task in tasks(namespace()).items()
        for flag in task.flags
        if not flag.help
    ]
    assert not silent


def test_every_task_tells_programs() -> None:
    """All of them take --json, but for those that have no document."""
    every = tasks(namespace())
    silent = {name for name, t in every.items() if "json" not in {f.name for f in t.flags}}
    assert silent == NO_DOCUMENT


def test_what_is_left_out_is_no_mistake() -> None:
    """A default comes to a task like a value that was typed: no empty text, for one."""
    for task in tasks(namespace()).values():
        left_out = {argument.names[0]: argument.value for argument in task.get_arguments()}
        for flag in task.flags:
            if not flag.required:
                flag.convert(left_out[str(flag).removeprefix("--")])


def test_summaries_are_one_line() -> None:
    """In a terminal of 80 columns the list has one line for each task."""
    every = tasks(namespace())
    room = 80 - max(map(len, every)) - len("  " + "   ") - 1  # as Invoke lays it out
    summaries = {name: (task.__doc__ or "").strip().splitlines()[0] for name, task in every.items()}
    assert not {name: text for name, text in summaries.items() if len(text) > room}


def test_modules_are_told_apart() -> None:
    """A module's tasks are called either by their name or by group and name."""
    assert not set(TOP) & set(GROUPS)


@pytest.mark.tools
def test_imports_nothing_heavy() -> None:
    """Listing the tasks loads none of the big libraries; they are imported where they are used."""
    code = (
        "import json, sys, slipway.cli.root as r; r.namespace(); print(json.dumps([*sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(out.stdout))
