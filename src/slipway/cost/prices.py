"""The price table: list prices with their sources, and what an estimate assumes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from slipway.errors import UsageError

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, kw_only=True)
class Price:
    """USD for one unit; hourly where the unit ends in `hour`, else for a month."""

    usd: Decimal
    unit: str
    source: str

    @property
    def hourly(self) -> bool:
        return self.unit.endswith("hour")


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A figure that only use decides."""

    value: Decimal
    meaning: str


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """Everything in prices.toml. `free` are types of resources, as patterns."""

    date: date
    region: str
    hours: Decimal
    prices: Mapping[str, Price]
    assumptions: Mapping[str, Assumption]
    left_out: Sequence[str]
    unpriced: Mapping[str, str]
    free: Sequence[str]

    def is_free(self, type_: str) -> bool:
        """Whether AWS asks nothing for resources of that type."""
        return any(fnmatchcase(type_, pattern) for pattern in self.free)

    def assuming(self, figures: Sequence[str]) -> PriceTable:
        """This table with other assumptions, each written `name=figure`.

        Raises `UsageError` that names every one that is off.
        """
        changed, problems = dict(self.assumptions), []
        for text in figures:
            name, _, figure = text.partition("=")
            value = _figure(figure)
            if name not in changed:
                problems.append(f"{text}: no such assumption ({', '.join(sorted(changed))})")
            elif value is None:
                problems.append(f"{text}: NAME=FIGURE, where the figure is 0 or more")
            else:
                changed[name] = replace(changed[name], value=value)
        if problems:
            raise UsageError("\n".join(problems), next_step="docs/cost.md explains each of them")
        return replace(self, assumptions=changed)


def read(file: Path = FILE) -> PriceTable:
    """The price table that comes with the engine."""
    raw = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    return PriceTable(
        date=raw["date"],
        region=raw["region"],
        hours=Decimal(raw["hours"]),
        prices={name: _price(each, raw["sources"]) for name, each in raw["prices"].items()},
        assumptions={
            name: Assumption(value=Decimal(each["value"]), meaning=each["meaning"])
            for name, each in raw["assumptions"].items()
        },
        left_out=tuple(raw["left_out"]["items"]),
        unpriced=raw["unpriced"],
        free=tuple(raw["free"]["types"]),
    )


def _price(raw: Mapping[str, Any], sources: Mapping[str, str]) -> Price:
    group, _, name = str(raw["source"]).partition(":")
    source = sources[group].format(name) if group in sources else str(raw["source"])
    return Price(usd=Decimal(raw["usd"]), unit=raw["unit"], source=source)


def _figure(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
