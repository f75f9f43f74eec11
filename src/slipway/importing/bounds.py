"""The limits of service.toml's own rules, for values that come from elsewhere; pure."""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from slipway.config.fargate import FARGATE
from slipway.config.manifest import ServiceFile
from slipway.config.rules import Must


def within(key: tuple[str, ...], value: Any) -> tuple[Any, str]:
    """The nearest value that `key` may have, and why it is another one ("" where it isn't)."""
    rule = _rule(key)
    if not rule or isinstance(value, bool) or not isinstance(value, int):
        return value, ""
    limits: dict[str, Any] = {"ge": value, "le": value, **rule.limits}
    nearest = max(limits["ge"], min(limits["le"], value))
    return nearest, "" if nearest == value else f"{value} is not {rule.says}"


def fits(hint: Any, value: object) -> bool:
    """Whether a value is one that a rule of service.toml allows."""
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(hint).validate_python(value)
    except ValidationError:
        return False
    return True


def size(cpu: int, memory: int) -> tuple[int, int]:
    """The smallest task of Fargate that has this much; the largest where none has."""
    enough = (
        (units, mebibytes)
        for units, sizes in sorted(FARGATE.items())
        for mebibytes in sizes
        if units >= cpu and mebibytes >= memory
    )
    largest = max(FARGATE)
    return next(enough, (largest, FARGATE[largest][-1]))


@cache
def _rule(key: tuple[str, ...]) -> Must | None:
    """The rule of a dotted key, None for what is in tables of names."""
    kind: Any = ServiceFile
    for part in key:
        hints = get_type_hints(kind, include_extras=True) if is_dataclass(kind) else {}
        kind = hints.get(part)
    extras = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((each for each in extras if isinstance(each, Must)), None)
