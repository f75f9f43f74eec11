"""One file by itself: unknown keys, wrong types, values out of range."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from slipway.config.nearest import did_you_mean, nearest

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

Location = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong; `keys` are the settings that it makes doubtful."""

    place: str
    reason: str
    keys: tuple[Location, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"

    def concerns(self, key: str) -> bool:
        """Whether the value of `key` (dotted) can't be relied on because of this."""
        parts = location(key)
        # Any table may hold a setting, so where a location ends is what counts.
        return any(
            location[-depth:] == parts[:depth]
            for location in self.keys
            for depth in range(1, len(parts) + 1)
            if len(location) >= depth
        )


def location(key: str) -> Location:
    """The parts of a dotted key."""
    return tuple(key.split("."))


def check(kind: type, values: Mapping[str, Any], file: str) -> list[Problem]:
    """What is wrong with the content of `file`, which should be a `kind`.

    What is missing is none of our business: another file may have it.
    """
    from pydantic import ValidationError

    try:
        adapter(kind).validate_python(values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [_problem(kind, one, file) for one in found if one["type"] != "missing"]
    return []


@cache
def adapter(kind: type) -> TypeAdapter[Any]:
    """pydantic's view of a table."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _problem(kind: type, error: ErrorDetails, file: str) -> Problem:
    where = tuple(str(part) for part in error["loc"] if part != "[key]")
    place = f"{file}: {'.'.join(where)}"
    if error["type"] == "unexpected_keyword_argument":
        return _unknown(kind, where, place)
    return Problem(place=place, reason=_reason(kind, error, where), keys=(_setting(error),))


def _setting(error: ErrorDetails) -> Location:
    """The setting that is wrong: all of a list, where one of its values is."""
    parts = takewhile(lambda part: isinstance(part, str) and part != "[key]", error["loc"])
    return tuple(str(part) for part in parts)


def _unknown(kind: type, where: Location, place: str) -> Problem:
    if _narrower(hint_at(kind, where[:-1]), where[-1]):
        reason = "can't be set here; it belongs to the top of a service.toml"
        return Problem(place=place, reason=reason, keys=(where,))
    meant = _meant(kind, where)
    suggestion = did_you_mean(".".join(meant))
    return Problem(place=place, reason=f"unknown key{suggestion}", keys=(where, meant))


def _narrower(kind: Any, key: str) -> bool:
    """Whether a table that is more specific than this one has the key."""
    narrower: list[type] = kind.__subclasses__()
    return any(key in get_type_hints(one) or _narrower(one, key) for one in narrower)


def _reason(kind: type, error: ErrorDetails, where: Location) -> str:
    value = error["input"]
    if error["type"] == "literal_error":
        return _choice(get_args(hint_at(kind, where)), value)
    if error["type"] == "must":
        return f"must be {error['msg']}, not {toml(value)}"
    if error["type"] in ("dataclass_type", "mapping_type", "dict_type"):
        return f"must be a table, not {toml(value)}"
    if error["type"] == "tuple_type":
        return f"must be a list in brackets, not {toml(value)}"
    return f"{error['msg']}, not {toml(value)}"


def _choice(options: tuple[Any, ...], value: object) -> str:
    by_name = {str(option): option for option in options}
    best = nearest(value, options)
    allowed = ", ".join(toml(option) for option in options)
    expected = f"one of {allowed}" if len(options) > 1 else allowed
    suggestion = did_you_mean(toml(by_name[best]) if best else "")
    return f"must be {expected}, not {toml(value)}{suggestion}"


def _meant(kind: type, where: Location) -> Location:
    """The valid key most like the unknown one, in its table or in one below."""
    *table, wrong = where
    known = list(keys(hint_at(kind, tuple(table))))
    best = nearest(wrong, [".".join(key) for key in known])
    below = next((key for key in known if key[-1] == wrong), ())
    found = tuple(best.split(".")) if best else below
    return (*table, *found) if found else ()


def keys(kind: Any) -> Iterator[Location]:
    """Every key of a table, and of the tables in it."""
    for name, hint in get_type_hints(kind).items():
        if name in {field.name for field in fields(kind)}:
            yield (name,)
            if is_dataclass(hint):
                yield from ((name, *key) for key in keys(hint))


def hint_at(kind: Any, where: Location) -> Any:
    """The type of the value at `where`, tables of names included."""
    if not where:
        return kind
    if is_dataclass(kind):
        return hint_at(get_type_hints(kind)[where[0]], where[1:])
    if get_origin(kind) is tuple:
        return hint_at(get_args(kind)[0], where[1:])
    if get_origin(kind) is not Literal and len(get_args(kind)) == 2:
        return hint_at(get_args(kind)[1], where[1:])
    return kind


def toml(value: object) -> str:
    """A value about as it is written in TOML, cut where it is long."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
