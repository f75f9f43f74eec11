"""Values of a Terraform state by the addresses that ecspresso's `tfstate` takes; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

TOKEN = re.compile(r"\.?([A-Za-z0-9_-]+)|\[(?:'([^']*)'|\"([^\"]*)\"|([0-9]+))\]")

Part = str | int


def lookup(state: Mapping[str, Any], address: str) -> str | None:
    """The value at an address such as `aws_lb.main.arn` or `output.zone`; None without one.

    `module.NAME`, `data.` and indices in brackets are understood, and paths into the value.
    """
    parts = _parts(address)
    if parts[:1] == ["output"]:
        found = _into(state.get("outputs"), [*parts[1:2], "value", *parts[2:]])
    else:
        found = _resource(state, parts)
    if found is None:
        return None
    return found if isinstance(found, str) else json.dumps(found)


def _parts(address: str) -> list[Part]:
    """The names and indices of an address; none where it can't be read."""
    parts: list[Part] = []
    end = 0
    while end < len(address):
        found = TOKEN.match(address, end)
        if not found:
            return []
        name, single, double, number = found.groups()
        text = next((each for each in (name, single, double) if each is not None), None)
        parts.append(int(number) if text is None else text)
        end = found.end()
    return parts


def _resource(state: Mapping[str, Any], parts: list[Part]) -> Any:
    for resource in _tables(state.get("resources")):
        head = _head(resource)
        if parts[: len(head)] != head:
            continue
        for instance in _tables(resource.get("instances")):
            rest = _instance(instance, parts[len(head) :])
            if rest:
                return _into(instance.get("attributes"), rest)
    return None


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _head(resource: Mapping[str, Any]) -> list[Part]:
    """Where a resource is: its module, `data` or not, type and name."""
    data: list[Part] = ["data"] if resource.get("mode") == "data" else []
    named = [str(resource.get("type", "")), str(resource.get("name", ""))]
    return [*_parts(str(resource.get("module", ""))), *data, *named]


def _instance(instance: Mapping[str, Any], rest: list[Part]) -> list[Part]:
    """What is left of an address behind an instance; none where it is another one's."""
    if "index_key" not in instance:
        return rest
    return rest[1:] if rest[:1] == [instance["index_key"]] else []


def _into(value: Any, path: list[Part]) -> Any:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
