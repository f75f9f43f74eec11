"""`services/NAME/local.env`: values for one's own machine, committed, and in no image.

`invoke dev` and embedded environments take them; an environment in an AWS account never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.config.check import Problem
from slipway.config.layers import Tree
from slipway.config.nearest import did_you_mean, nearest
from slipway.config.variables import given

if TYPE_CHECKING:
    from slipway.config.manifest import Service

FILE = "local.env"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line `NAME=VALUE`, or the reason why it is none."""

    place: str
    name: str = ""
    value: str = ""
    problem: str = ""


def local_values(service: Service) -> dict[str, str]:
    """The values in a service's file, by name; none without a file. Configuration checked it."""
    return {line.name: line.value for line in lines_of(service.folder, FILE)}


def lines_of(folder: Path, shown: str) -> tuple[Line, ...]:
    """The lines of the file in `folder`, placed as `shown:NUMBER`; none where there is no file."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return (Line(place=shown, problem=f"can't be read: {reason}"),)
    return tuple(_lines(text, shown))


def _lines(text: str, shown: str) -> Iterator[Line]:
    from dotenv.parser import parse_stream

    for found in parse_stream(StringIO(text)):
        written = found.original.string
        blank = len(written) - len(written.lstrip("\n"))
        place = f"{shown}:{found.original.line + blank}"
        if found.error or (found.key and found.value is None):
            yield Line(place=place, problem="must be NAME=VALUE")
        elif found.key:
            yield Line(place=place, name=found.key, value=found.value or "")


def value_problems(lines: Iterable[Line], environments: Mapping[str, Tree]) -> Iterator[Problem]:
    """What is wrong in a file, for a service that is so in each of the environments."""
    ours = {name for service in environments.values() for name in given(service)}
    own = {
        name
        for service in environments.values()
        for table in ("secrets", "parameters", "env")
        for name in service[table]
    }
    seen: set[str] = set()
    for line in lines:
        if reason := _wrong(line, seen, ours, own):
            yield Problem(place=line.place, reason=reason)
        seen.add(line.name)


def _wrong(line: Line, seen: set[str], ours: set[str], own: set[str]) -> str:
    if line.problem:
        return line.problem
    if line.name in seen:
        return f"{line.name} is there twice"
    if line.name in ours:
        return f"{line.name} is set by slipway itself; remove it"
    if line.name not in own:
        meant = did_you_mean(nearest(line.name, own))
        return f"{line.name} is in no secrets, env or parameters of service.toml{meant}"
    return ""
