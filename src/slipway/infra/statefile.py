"""What is in a state, and which state may take the place of which; pure.

A state has a lineage, which tells it from every other one, and a serial, which grows with each
change. Terraform refuses a state of another lineage, and one whose serial is not newer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from slipway.errors import InfraError

FORMAT = 4
"""Version of the format that every Terraform since 0.12 writes."""

_IMAGE = re.compile(r'\\?"image\\?":\s*\\?"([^"\\\s]+@sha256:[0-9a-f]{64})')


@dataclass(frozen=True, kw_only=True)
class State:
    """A state as text and what it says; `addresses` are those of what is managed."""

    lineage: str
    serial: int
    addresses: tuple[str, ...]
    text: str

    @property
    def empty(self) -> bool:
        """Whether it knows of nothing that exists."""
        return not self.addresses

    @property
    def image(self) -> str:
        """The first image by digest that is named in it, or ""."""
        found = _IMAGE.search(self.text)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"serial {self.serial}, {len(self.addresses)} resources"


def parse(text: str, source: str) -> State:
    """The state in `text`. Raises `InfraError`, which names `source`, where there is none."""
    try:
        found = json.loads(text)
        if found["version"] != FORMAT:
            raise InfraError(f"{source}: a state of format {found['version']}, {FORMAT} is needed")
        return State(
            lineage=str(found["lineage"]),
            serial=int(found["serial"]),
            addresses=tuple(sorted(_addresses(found))),
            text=text,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InfraError(
            f"{source}: not a Terraform state",
            next_step="uv run invoke state.versions lists the versions of a state",
        ) from error


def numbered(state: State, serial: int) -> State:
    """The same state with another serial."""
    text = json.dumps({**json.loads(state.text), "serial": serial}, indent=2, ensure_ascii=False)
    return State(lineage=state.lineage, serial=serial, addresses=state.addresses, text=text + "\n")


def after(current: State | None, wanted: State) -> State:
    """`wanted` with a serial that Terraform takes for newer than both."""
    return numbered(wanted, max(wanted.serial, current.serial if current else 0) + 1)


def differences(before: State | None, later: State) -> list[str]:
    """What a state forgets (`-`) and what it knows again (`+`), by address."""
    old, new = set(before.addresses if before else ()), set(later.addresses)
    return [
        *(f"- {name}" for name in sorted(old - new)),
        *(f"+ {name}" for name in sorted(new - old)),
    ]


def restorable(current: State | None, wanted: State, label: str, *, force: bool) -> None:
    """Refuse with `InfraError` a state that is no earlier form of what is there now."""
    if current is None or current.empty or force or current.lineage == wanted.lineage:
        return
    raise InfraError(
        f"{label}: this is no version of its state: lineage {wanted.lineage}, "
        f"the state has {current.lineage}",
        next_step="choose a version of state.versions; if it is meant all the same, add --force",
    )


def adoptable(current: State | None, other: State, label: str, *, overwrite: bool) -> bool:
    """Whether there is anything to adopt; raises `InfraError` where a state would be lost."""
    if other.empty:
        raise InfraError(f"{label}: the other state has no resources, so there is nothing to adopt")
    if current is None or current.empty:
        return True
    same = current.lineage == other.lineage
    if same and current.serial >= other.serial and current.addresses == other.addresses:
        return False
    if overwrite:
        return True
    if same:
        told = f"it was adopted before, and both changed since ({current}; there: {other})"
    else:
        told = f"it has {len(current.addresses)} resources of its own, of another lineage"
    raise InfraError(
        f"{label}: the state is not empty: {told}",
        next_step="if what it knows may be forgotten, add --overwrite; a backup is kept",
    )


def _addresses(found: dict[str, Any]) -> list[str]:
    return [
        _address(resource, instance.get("index_key"))
        for resource in found.get("resources", [])
        if resource.get("mode") == "managed"
        for instance in resource.get("instances", [])
    ]


def _address(resource: dict[str, Any], index: object) -> str:
    path = [resource["module"]] if resource.get("module") else []
    ending = "" if index is None else f"[{json.dumps(index)}]"
    return ".".join([*path, resource["type"], resource["name"]]) + ending
