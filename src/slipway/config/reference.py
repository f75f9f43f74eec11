"""The tables of docs/configuration.md: every key, what it may be, its default, its meaning."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from typing import Any, Literal, get_args, get_origin, get_type_hints

from slipway.config.check import adapter, toml
from slipway.config.layers import defaults
from slipway.config.manifest import (
    Alarms,
    Bucket,
    Cache,
    Database,
    Deploy,
    Health,
    Hooks,
    Job,
    Manifest,
    Route,
    Scale,
    Shift,
    Smoke,
)
from slipway.config.rules import Must
from slipway.config.settings import EnvironmentTable, Local, Notify, Project
from slipway.config.table import Table

HEAD = "| key | value | default | meaning |\n|---|---|---|---|"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of a file, as the manual shows it; `defaults` is its path in defaults.toml."""

    title: str
    kind: type
    defaults: str


FILES: Mapping[str, tuple[Section, ...]] = {
    "slipway.toml": (
        Section(title="[project]", kind=Project, defaults="project"),
        Section(title="[environments.NAME]", kind=EnvironmentTable, defaults="environment"),
        Section(title="[notify]", kind=Notify, defaults="notify"),
        Section(title="[local]", kind=Local, defaults="local"),
    ),
    "services/NAME/service.toml": (
        Section(title="top of the file", kind=Manifest, defaults="service"),
        Section(title="[route]", kind=Route, defaults="service.route"),
        Section(title="[health]", kind=Health, defaults="service.health"),
        Section(title="[scale]", kind=Scale, defaults="service.scale"),
        Section(title="[deploy]", kind=Deploy, defaults="service.deploy"),
        Section(title="[deploy.shift]", kind=Shift, defaults="service.deploy.shift"),
        Section(title="[deploy.hooks]", kind=Hooks, defaults="service.deploy.hooks"),
        Section(title="[[smoke]]", kind=Smoke, defaults="smoke"),
        Section(title="[alarms]", kind=Alarms, defaults="service.alarms"),
        Section(title="[database]", kind=Database, defaults="service.database"),
        Section(title="[cache]", kind=Cache, defaults="service.cache"),
        Section(title="[buckets.NAME]", kind=Bucket, defaults="bucket"),
        Section(title="[jobs.NAME]", kind=Job, defaults="job"),
    ),
}


def reference() -> str:
    """Both files, table by table, as Markdown."""
    return "\n".join(
        f"## {file}\n\n" + "\n".join(_section(section) for section in sections)
        for file, sections in FILES.items()
    )


def tables() -> Mapping[str, type[Table]]:
    """Every kind of table, by the name of its class."""
    found: dict[str, type[Table]] = {}
    waiting = [Table]
    while waiting:
        below = waiting.pop().__subclasses__()
        found |= {kind.__name__: kind for kind in below}
        waiting += below
    return found


def meanings(kind: type) -> dict[str, str]:
    """The documentation of each key: the strings below the fields, inherited ones included."""
    found: dict[str, str] = {}
    for base in reversed([one for one in kind.__mro__ if is_dataclass(one)]):
        # pydantic could read them too, and would then at every command: a fifth of a second.
        (table,) = ast.parse(dedent(getsource(base))).body
        assert isinstance(table, ast.ClassDef)
        for entry, below in pairwise(table.body):
            match entry, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=key)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[key] = cleandoc(text).replace("\n", " ")
    return found


def _section(section: Section) -> str:
    values, meaning = _defaults_at(section.defaults), meanings(section.kind)
    rows = "\n".join(
        f"| `{key}` | {allowed} | {_default(values, key)} | {meaning.get(key, '')} |"
        for key, allowed in _keys(section.kind)
    )
    return f"### {section.title}\n\n{section.kind.__doc__}\n\n{HEAD}\n{rows}\n"


def _keys(kind: type) -> Iterator[tuple[str, str]]:
    """The keys of a table itself, required ones first, with what each may be."""
    hints = get_type_hints(kind, include_extras=True)
    known = [key for key in adapter(kind).json_schema()["properties"] if not _tables(hints[key])]
    for key in sorted(known, key=lambda key: key not in ("name", "target")):
        yield key, allowed(hints[key])


def _tables(hint: Any) -> bool:
    """Whether this is a table, or tables by name, with a section of their own."""
    kinds = [one for one in (hint, *get_args(hint)) if isinstance(one, type)]
    return any(is_dataclass(kind) for kind in kinds)


def allowed(hint: Any) -> str:
    """What a value may be, in words."""
    if get_origin(hint) is tuple:
        return f"list; each is {allowed(get_args(hint)[0])}"
    if get_origin(hint) is Literal:
        return ", ".join(f"`{toml(option)}`" for option in get_args(hint))
    rules = [one.says for one in get_args(hint) if isinstance(one, Must)]
    return rules[0] if rules else "table of names and texts"


def _default(values: Mapping[str, Any], key: str) -> str:
    return f"`{toml(values[key])}`" if key in values and values[key] != {} else ""


def _defaults_at(path: str) -> Mapping[str, Any]:
    found: Any = defaults()
    for part in path.split("."):
        found = found[part]
    assert isinstance(found, Mapping)
    return found
