"""A uv.lock as text: that of all variants, cut down to what one service needs; pure.

uv finds the result up to date (`uv lock --check`): it asks whether a lock file answers what the
project requires, not whether it would resolve to the same again.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from slipway.command import Command, command
from slipway.errors import ConfigError

PACKAGE = re.compile(r"^\[\[package\]\]\nname = \"(?P<name>[^\"]+)\"", re.MULTILINE)
ENTRY = re.compile(r"^ *\{ name = \"(?P<name>[^\"]+)\"")
OPTIONAL = "[package.optional-dependencies]"
EXTRA = re.compile(r"^(?P<name>[\w-]+) = \[\n(?:.*\n)*?\]$", re.MULTILINE)

Wanted = tuple[str, str]
"""A package and one of its extras; the extra is empty for the package by itself."""


def resolve(project: Path, *options: str) -> Command:
    """Bring a project's uv.lock up to date with what it requires."""
    return command("uv", "lock", "--project", project, *options)


def for_any_name(lock: str, name: str) -> str:
    """The uv.lock of a service called `name`, as the template has it."""
    return lock.replace(f'name = "{name}"\n', 'name = "{{ cookiecutter.name }}"\n', 1)


def packages(lock: str) -> set[str]:
    """The names of all packages in a uv.lock, the project's own included."""
    return {match["name"] for match in PACKAGE.finditer(lock)}


def cut(lock: str, pyproject: str) -> str:
    """The part of a uv.lock that the project of this pyproject.toml needs, packages by name.

    Raises `ConfigError` where the project requires what the lock file does not have.
    """
    head, *blocks = re.split(r"(?=^\[\[package\]\]\n)", lock, flags=re.MULTILINE)
    project = tomllib.loads(pyproject)["project"]["name"]
    required = requirements(pyproject)
    # A package may be there in several versions, each for other machines.
    entries = [(packages(block).pop(), block.rstrip("\n")) for block in blocks]
    entries = [(n, own_entry(text, required) if n == project else text) for n, text in entries]
    needed = reachable(project, "\n\n".join(text for _, text in entries))
    kept = [
        _extras(text, {extra for package, extra in needed if package == name})
        for name, text in sorted(entries, key=lambda entry: entry[0])
        if (name, "") in needed
    ]
    return head + "\n\n".join(kept) + "\n"


def requirements(pyproject: str) -> set[str]:
    """The names of all packages that a project asks for, those of its groups included."""
    project = tomllib.loads(pyproject)
    groups = project.get("dependency-groups", {}).values()
    asked = chain(project["project"].get("dependencies", ()), *groups)
    return {normal(re.split(r"[^A-Za-z0-9._-]", one.strip(), maxsplit=1)[0]) for one in asked}


def normal(name: str) -> str:
    """A package's name as uv.lock writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def own_entry(entry: str, required: set[str]) -> str:
    """The project's own entry, without what other variants require."""
    missing = required - {m["name"] for line in entry.splitlines() if (m := ENTRY.match(line))}
    if missing:
        raise ConfigError(
            f"templates/service: its uv.lock lacks {', '.join(sorted(missing))}",
            next_step="uv run python -m slipway.scaffold.sample",
        )
    lines = (
        line
        for line in entry.splitlines()
        if not (match := ENTRY.match(line)) or match["name"] in required
    )
    return "\n".join(lines)


def reachable(project: str, entries: str) -> set[Wanted]:
    """Every package that the project needs on some machine, and every extra of it."""
    found: set[Wanted] = set()
    todo = [(project, "")]
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for entry in tomllib.loads(entries)["package"]:
        by_name.setdefault(entry["name"], []).append(entry)
    while todo:
        wanted = todo.pop()
        if wanted not in found:
            found.add(wanted)
            todo += (need for entry in by_name[wanted[0]] for need in _needs(entry, wanted[1]))
    return found


def _needs(entry: Mapping[str, Any], extra: str) -> Iterator[Wanted]:
    if extra:
        groups = [entry.get("optional-dependencies", {}).get(extra, ())]
    else:
        groups = [entry.get("dependencies", ()), *entry.get("dev-dependencies", {}).values()]
    for needed in chain(*groups):
        yield needed["name"], ""
        yield from ((needed["name"], one) for one in needed.get("extra", ()))


def _extras(entry: str, wanted: set[str]) -> str:
    """An entry without the extras that nothing asks for."""
    before, title, after = entry.partition(f"\n\n{OPTIONAL}\n")
    own, blank, rest = after.partition("\n\n")
    kept = [group[0] for group in EXTRA.finditer(own) if group["name"] in wanted]
    return before + (title + "\n".join(kept) if kept else "") + blank + rest
