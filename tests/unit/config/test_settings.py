"""Declarations, defaults and names agree with each other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import pytest

from slipway.config.check import check, hint_at, keys
from slipway.config.fargate import FARGATE
from slipway.config.layers import defaults, leaves
from slipway.config.manifest import Bucket, Common, Job, Manifest
from slipway.config.reference import tables
from slipway.config.settings import EnvironmentTable, Local, Project, ProjectFile

KINDS = {
    "project": Project,
    "local": Local,
    "environment": EnvironmentTable,
    "service": Manifest,
    "bucket": Bucket,
    "job": Job,
}
WITHOUT_DEFAULT = {
    "project": {"name"},
    "local": set(),
    "environment": {"target", "region", "registry"},
    "service": {"name", "route.priority"},
    "bucket": set(),
    "job": {"command"},
}


def leaf_keys(kind: type) -> set[str]:
    """The dotted keys of a table that are no tables themselves."""
    hints = {key: hint_at(kind, key) for key in keys(kind)}
    return {".".join(key) for key, hint in hints.items() if not is_dataclass(hint)} - {
        "buckets",
        "env",
        "jobs",
        "parameters",
    }


@pytest.mark.parametrize("name", KINDS)
def test_defaults_are_valid(name: str) -> None:
    """Each default obeys the rule of its setting."""
    assert check(KINDS[name], defaults()[name], "defaults.toml") == []


@pytest.mark.parametrize("name", KINDS)
def test_every_setting_has_a_default(name: str) -> None:
    """What is not required has a default in defaults.toml, and nothing else does."""
    found = {key for key, _ in leaves(defaults()[name])}
    assert found == leaf_keys(KINDS[name]) - WITHOUT_DEFAULT[name]


def test_settings_have_no_defaults_of_their_own() -> None:
    """defaults.toml is the only home of defaults."""
    for kind in tables().values():
        for field in fields(kind):
            assert field.default is field.default_factory, f"{kind.__name__}.{field.name}"


def test_every_cpu_has_memory_sizes() -> None:
    """The Fargate table knows each cpu that a manifest may ask for, and the default pair."""
    assert set(get_type_hints(Common)["cpu"].__args__) == set(FARGATE)
    service: Any = defaults()["service"]
    assert service["memory"] in FARGATE[service["cpu"]]


@pytest.mark.parametrize("name", ["ab", "a1", "a-b", "a" * 12])
def test_good_environment_names(name: str) -> None:
    """Names are lowercase letters, digits and single hyphens inside."""
    assert check(ProjectFile, {"environments": {name: {}}}, "slipway.toml") == []


@pytest.mark.parametrize("name", ["", "a", "1a", "a-", "-a", "a--b", "A-b", "ä-b", "a_b", "ab\n"])
def test_bad_environment_names(name: str) -> None:
    """Anything else is refused before it is part of a name at AWS."""
    assert len(check(ProjectFile, {"environments": {name: {}}}, "slipway.toml")) == 1


@pytest.mark.tools
def test_looking_at_settings_imports_nothing_heavy() -> None:
    """`invoke --list` imports the configuration; pydantic waits until a file is checked."""
    look = "import sys, slipway.config; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
