"""Just enough of HCL to compare what infra/ declares with what others rely on.

It leans on `terraform fmt`, which the checks insist on: a block begins at the start of a line and
ends with a brace at its indentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[1] / "infra"
MODULES = sorted(file.parent for file in INFRA.glob("modules/*/main.tf"))
STACKS = sorted(file.parent for file in INFRA.glob("*/terraform.tf"))


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block: `resource "aws_vpc" "this"` has two labels."""

    kind: str
    labels: tuple[str, ...]
    body: str

    @property
    def name(self) -> str:
        return self.labels[-1]

    def blocks(self, kind: str) -> list[Block]:
        """The blocks of a kind right inside this one."""
        return list(_blocks(self.body, kind, indent="  "))

    def value(self, name: str) -> str:
        """The text of an argument up to the end of its (last) line; "" where it isn't set."""
        found = re.search(
            rf"^  {name}\s*= ((?:.*[({{\[]\n(?:   .*\n|\n)*  .*)|.*)$", self.body, re.M
        )
        return found[1] if found else ""


def blocks(folder: Path, kind: str) -> list[Block]:
    """The blocks of a kind in the .tf files of a folder."""
    return [block for file in sorted(folder.glob("*.tf")) for block in _blocks(_text(file), kind)]


def _blocks(text: str, kind: str, indent: str = "") -> Iterator[Block]:
    head = rf'^{indent}{kind}((?: "[^"]*")*) \{{'
    for found in re.finditer(rf"{head}(?:\}}|\n((?:{indent}  .*\n|\n)*){indent}\}})$", text, re.M):
        labels = tuple(re.findall(r'"([^"]*)"', found[1]))
        yield Block(kind=kind, labels=labels, body=found[2] or "")


def _text(file: Path) -> str:
    """A file without comment lines."""
    return re.sub(r"^\s*#.*\n", "", file.read_text(), flags=re.M)


def type_of(constraint: str) -> Any:
    """A type constraint as a value: objects are dicts, collections pairs, the rest names.

    >>> type_of("object({ a = optional(number, 1), b = map(string) })")
    {'a': 'number', 'b': ('map', 'string')}
    """
    text = re.sub(r"(\w+)\s*=\s", r'"\1": ', constraint)
    text = re.sub(r"([^({\[,\s])[ ]*\n", r"\1,\n", text)
    words = {name: name for name in ("any", "bool", "number", "string")}
    makers = {kind: lambda inner, kind=kind: (kind, inner) for kind in ("list", "map", "set")}
    names = {"object": dict, "optional": lambda inner, *_: inner, "false": False, "true": True}
    return eval(f"({text.rstrip(',')})", {**words, **makers, **names})
