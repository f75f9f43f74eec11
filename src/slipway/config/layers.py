"""Configuration files as layers: read, put one over the other, remember who set what."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

Tree = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a value was written: a file and a table in it, a variable, or our defaults."""

    file: str
    table: str = ""

    def __str__(self) -> str:
        return f"{self.file} [{self.table}]" if self.table else self.file

    def place(self, key: str) -> str:
        """`key` as an error names it: file, then the whole path in that file."""
        path = ".".join(part for part in (self.table, key) if part)
        return f"{self.file}: {path}"


DEFAULTS = Origin(file="defaults")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Some settings and where they were written."""

    origin: Origin
    values: Tree


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Settings of several layers, and for each leaf's dotted key the layer that won."""

    values: Tree
    origins: Mapping[str, Origin]
    order: tuple[Origin, ...]

    def strongest(self, *keys: str) -> str:
        """Of these keys the one to change: that of the strongest layer, the last one of equals."""
        return max(reversed(keys), key=lambda key: self.order.index(self.origins[key]))

    def place(self, *keys: str) -> str:
        """Where an error about these keys points: at the strongest of them."""
        key = self.strongest(*keys)
        return self.origins[key].place(key)


class Unreadable(Exception):
    """A file that is no TOML; the message says why."""


def read(path: Path) -> dict[str, Any]:
    """The TOML file at `path`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(_syntax(str(error))) from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8 (byte {error.start})") from error
    except FileNotFoundError as error:
        raise Unreadable("there is no such file") from error
    except OSError as error:
        raise Unreadable((error.strerror or "unreadable").lower()) from error


def defaults() -> dict[str, Any]:
    """Our own defaults: the tables project, local, environment and service."""
    text = resources.files("slipway").joinpath("defaults.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def merge(layers: Iterable[Layer], onto: Merged | None = None) -> Merged:
    """Layers put over each other, the weakest first; tables merge, anything else replaces."""
    values = onto.values if onto else {}
    origins = dict(onto.origins) if onto else {}
    order = list(onto.order) if onto else []
    for layer in layers:
        order.append(layer.origin)
        if not layer.values:
            continue
        values = _over(values, layer.values)
        origins |= {key: layer.origin for key, _ in leaves(layer.values)}
    return Merged(values=values, origins=origins, order=tuple(order))


def leaves(tree: Tree, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no table, with its dotted key."""
    for key, value in tree.items():
        # TOML's tables are dicts; asking for Mapping takes ten times as long.
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _over(below: Tree, above: Tree) -> dict[str, Any]:
    both = {
        key: _over(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **both}


def _syntax(message: str) -> str:
    """The parser's message with the place first, as everybody's tools have it."""
    found = re.fullmatch(r"(.*) \(at (line \d+, column \d+|end of document)\)", message, re.DOTALL)
    if not found:
        return message
    what, where = found.groups()
    return f"{where}: {what[:1].lower()}{what[1:]}"
