"""What resources cost a month: a line for each thing that is charged; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from slipway.cost.prices import Assumption, Price, PriceTable
from slipway.cost.resources import Resource

CENT = Decimal("0.01")


class UnpricedError(Exception):
    """A resource whose price the table does not have; the message says which."""


@dataclass(frozen=True)
class Span:
    """From `low` to `high`: alike, unless autoscaling decides."""

    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, low: Decimal | int, high: Decimal | int | None = None) -> Span:
        return cls(Decimal(low), Decimal(low if high is None else high))

    def times(self, factor: Decimal | int) -> Span:
        return Span(self.low * factor, self.high * factor)

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def rounded(self) -> Span:
        """To the cent, halves up."""
        return Span(self.low.quantize(CENT, ROUND_HALF_UP), self.high.quantize(CENT, ROUND_HALF_UP))

    def __str__(self) -> str:
        low, high = plain(self.low), plain(self.high)
        return low if low == high else f"{low} to {high}"

    @property
    def money(self) -> str:
        """With two digits for the cents."""
        return f"{self.low:.2f}" if self.low == self.high else f"{self.low:.2f} to {self.high:.2f}"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is charged. `quantity` is that of a month, in the unit of `price`.

    `assumption` names the figure of the table that the quantity rests on, where one does.
    """

    resource: Resource
    what: str
    quantity: Span
    price: Price
    assumption: str = ""

    @cached_property
    def monthly(self) -> Span:
        """USD a month, to the cent."""
        return self.quantity.times(self.price.usd).rounded()


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """A resource that no line stands for, and why."""

    resource: Resource
    reason: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The lines in the order of the resources, and what they leave out."""

    table: PriceTable
    lines: Sequence[Line]
    unpriced: Sequence[Unpriced] = ()

    @property
    def total(self) -> Span:
        """USD a month: the sum of the lines as shown, so that it can be checked by hand."""
        return total(self.lines)

    @property
    def assumptions(self) -> Mapping[str, Assumption]:
        """Those that a line rests on."""
        used = {line.assumption for line in self.lines}
        return {name: each for name, each in self.table.assumptions.items() if name in used}

    def of_services(self) -> Estimate:
        """This without what all services share."""
        return replace(
            self,
            lines=[each for each in self.lines if each.resource.service],
            unpriced=[each for each in self.unpriced if each.resource.service],
        )

    def stacks(self) -> Mapping[str, Span]:
        """The total of each stack."""
        names = dict.fromkeys(line.resource.stack for line in self.lines)
        return {
            name: total([line for line in self.lines if line.resource.stack == name])
            for name in names
        }


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What rules write lines with. `others` are all resources, where one depends on another."""

    table: PriceTable
    resource: Resource
    others: Sequence[Resource] = field(default=())

    def line(
        self, what: str, price: str, count: Span | Decimal | int, assumption: str = ""
    ) -> Line:
        """A line for `count` of something with that price, all month.

        Where `assumption` is named, its figure multiplies the count. Raises `UnpricedError` where
        the table has no such price.
        """
        if price not in self.table.prices:
            raise UnpricedError(f"no price for {price}")
        found = self.table.prices[price]
        quantity = count if isinstance(count, Span) else Span.of(count)
        if assumption:
            quantity = quantity.times(self.table.assumptions[assumption].value)
        return Line(
            resource=self.resource,
            what=what,
            quantity=quantity.times(self.table.hours) if found.hourly else quantity,
            price=found,
            assumption=assumption,
        )


Rule = Callable[[Bill], Iterable[Line]]


def estimate(
    found: Sequence[Resource], table: PriceTable, rules: Mapping[str, Rule] | None = None
) -> Estimate:
    """The monthly cost of these resources; `rules` by type of resource (default: rates.RULES)."""
    if rules is None:
        from slipway.cost.rates import RULES

        rules = RULES
    lines: list[Line] = []
    unpriced: list[Unpriced] = []
    for resource in found:
        try:
            lines += _lines(Bill(table=table, resource=resource, others=found), rules)
        except UnpricedError as error:
            unpriced.append(Unpriced(resource=resource, reason=str(error)))
    return Estimate(table=table, lines=lines, unpriced=unpriced)


def total(lines: Iterable[Line]) -> Span:
    """USD a month for all of these lines."""
    return sum((line.monthly for line in lines), Span.of(Decimal("0.00")))


def _lines(bill: Bill, rules: Mapping[str, Rule]) -> list[Line]:
    kind, table = bill.resource.type, bill.table
    if kind in rules:
        return list(rules[kind](bill))
    if table.is_free(kind):
        return []
    raise UnpricedError(table.unpriced.get(kind, f"prices.toml has nothing on {kind}"))


def plain(number: Decimal) -> str:
    """A number without zeros at its end and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
