"""What is published about the configuration: JSON Schemas for editors, tables in the manual."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.config.check import adapter
from slipway.config.layers import defaults
from slipway.config.manifest import ServiceFile
from slipway.config.reference import meanings, reference, tables
from slipway.config.settings import ProjectFile
from slipway.paths import Checkout

Schema = dict[str, Any]

BEGIN, END = "<!-- begin: generated -->", "<!-- end: generated -->"


@dataclass(frozen=True, kw_only=True)
class Published:
    """A schema: its file in docs/schema, what it describes, which keys must be there.

    `kinds` are those that must be there besides, by what `kind` says.
    """

    file: str
    kind: type
    required: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


PUBLISHED = (
    Published(
        file="slipway.json",
        kind=ProjectFile,
        required={
            "": ("project", "environments"),
            "Project": ("name",),
            "EnvironmentFile": ("target",),
        },
    ),
    Published(
        file="service.json",
        kind=ServiceFile,
        required={"": ("name",), "route": ("priority",), "Smoke": ("path",)},
        kinds={"job": ("jobs",), "web": ("route",)},
    ),
)


def publish(checkout: Checkout) -> list[str]:
    """Write the schemas and the tables of the manual; the files that were out of date."""
    return [shown for shown, text in stale(checkout).items() if _write(checkout, shown, text)]


def stale(checkout: Checkout) -> dict[str, str]:
    """What publishing would write: files (relative) that are not as they should be."""
    wanted = {f"docs/schema/{one.file}": schema_text(one) for one in PUBLISHED}
    wanted["docs/configuration.md"] = _filled(_text(checkout, "docs/configuration.md"))
    return {file: text for file, text in wanted.items() if _text(checkout, file) != text}


def schema_text(published: Published) -> str:
    """The JSON Schema (draft 2020-12) as it is written to its file."""
    schema = adapter(published.kind).json_schema()
    named = {"": schema, **schema["properties"], **schema["$defs"]}
    for name, table in named.items():
        table["required"] = list(published.required.get(name, ()))
        _add(table, "default", _defaults_of(name))
    for name, kind in tables().items():
        _add(schema["$defs"].get(name, {}), "description", meanings(kind))
    _add(schema, "description", meanings(published.kind))
    for node in _nodes(schema):
        _tidy(node)
    if published.kinds:
        schema |= _by_kind(published.kinds)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**head, **schema}, indent=2) + "\n"


def _by_kind(kinds: Mapping[str, tuple[str, ...]]) -> Schema:
    """What a file must have: that of a job where it says so, else that of a web service."""
    job = {"properties": {"kind": {"const": "job"}}, "required": ["kind"]}
    return {
        "if": job,
        "then": {"required": list(kinds["job"])},
        "else": {"required": list(kinds["web"])},
    }


def _defaults_of(name: str) -> Mapping[str, Any]:
    """The defaults of a table, by the name of its class; nothing for anything else."""
    ours = defaults()
    service = ours["service"]
    inside = {**service, **service["deploy"]}
    ours_of: Mapping[str, Any] = {
        "": service,
        "Common": service,
        "Project": ours["project"],
        "Local": ours["local"],
        "EnvironmentFile": ours["environment"],
        "Notify": ours["notify"],
        "Bucket": ours["bucket"],
        "Job": ours["job"],
        "Smoke": ours["smoke"],
        **{key.capitalize(): table for key, table in inside.items() if isinstance(table, Mapping)},
    }
    found: Mapping[str, Any] = ours_of.get(name, {})
    return found


def _add(table: Schema, what: str, values: Mapping[str, Any]) -> None:
    """Say something (`what`) of the keys of a table."""
    for key, value in values.items():
        if key in table.get("properties", {}) and not isinstance(value, Mapping):
            table["properties"][key] = {what: value, **table["properties"][key]}


def _nodes(node: object) -> Iterator[Schema]:
    if isinstance(node, dict):
        yield node
        for below in list(node.values()):
            yield from _nodes(below)


def _tidy(node: Schema) -> None:
    """Drop what pydantic adds for itself; keys that a pattern doesn't allow are errors."""
    if isinstance(node.get("title"), str):
        del node["title"]
    if node.get("required") == []:
        del node["required"]
    if "patternProperties" in node:
        node["additionalProperties"] = False


def _write(checkout: Checkout, shown: str, text: str) -> bool:
    path = checkout.root / shown
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_text(text, encoding="utf-8") > 0


def _text(checkout: Checkout, shown: str) -> str:
    path = checkout.root / shown
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _filled(page: str) -> str:
    """The manual's page with its generated part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    from slipway.paths import find_checkout

    for written in publish(find_checkout()):
        print(f"wrote {written}")
