"""Requests of the query protocol as plain values, and plain values as XML. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

BOOLEANS = frozenset(("ActionsEnabled", "ReturnData"))
INTEGERS = frozenset(("Period", "EvaluationPeriods", "DatapointsToAlarm", "MaxRecords"))


def nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as the JSON protocol would send them: `A.member.1.B` is in a list under A."""
    tree: dict[str, Any] = {}
    for path, value in params.items():
        parts = path.split(".")
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
        text = value[0] if isinstance(value, list) else value
        node[parts[-1]] = _typed(parts[-1], text)
    lists: dict[str, Any] = _with_lists(tree)
    return lists


def _typed(name: str, text: str) -> Any:
    if name in BOOLEANS:
        return text.lower() == "true"
    return int(text) if name in INTEGERS and text else text


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if set(node) == {"member"} and isinstance(node["member"], dict):
        entries = sorted(node["member"].items(), key=lambda entry: int(entry[0]))
        return [_with_lists(value) for _, value in entries]
    return {name: _with_lists(value) for name, value in node.items()}


def elements(value: Any, name: str = "") -> str:
    """A value as XML elements; what is None is left out, as AWS does."""
    if isinstance(value, dict):
        return "".join(
            f"<{key}>{elements(inner, key)}</{key}>"
            for key, inner in value.items()
            if inner is not None
        )
    if isinstance(value, list):
        return "".join(f"<member>{elements(inner, name)}</member>" for inner in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and name.endswith(("Timestamp", "Timestamps")):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return escape(str(value))
