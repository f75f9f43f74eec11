"""The resources in what Terraform says of a plan or a state; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a plan; `stack` is the one that makes it (`platform`, `service greeter`)."""

    address: str
    type: str
    values: Mapping[str, Any] = field(default_factory=dict)
    stack: str = ""

    @property
    def service(self) -> bool:
        """Whether it belongs to one service."""
        return self.stack.startswith("service ")

    def number(self, name: str, default: int = 0) -> int:
        """A value as a whole number; Terraform gives some as text. `default` where it is open."""
        value = self.values.get(name)
        return default if value is None or value == "" else int(value)

    def many(self, name: str) -> Sequence[Any]:
        """A list or set; empty where it is open until apply."""
        return self.values.get(name) or ()


def resources(document: Mapping[str, Any], stack: str = "") -> list[Resource]:
    """What Terraform manages according to `document`, with that of all child modules.

    `document` is a plan (`show -json PLAN`), a state (`show -json`) or the state of a test run.
    """
    return [
        Resource(
            address=each["address"], type=each["type"], values=each.get("values", {}), stack=stack
        )
        for each in managed(document)
    ]


def managed(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The same as Terraform writes each of them."""
    values = document.get("planned_values") or document.get("values") or document
    return (each for each in _all(values.get("root_module", {})) if each.get("mode") == "managed")


def _all(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _all(child)
