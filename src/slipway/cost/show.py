"""An estimate as people and programs read it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from slipway.config import Settings
from slipway.cost.estimate import Estimate, Line, Span, Unpriced, plain


def rows(result: Estimate) -> list[tuple[str, ...]]:
    """A row for each line: address, what, quantity, unit, price, monthly USD."""
    return [_row(line) for line in result.lines]


def totals(result: Estimate) -> list[str]:
    """The sum of each stack and of all."""
    sums = [f"{stack}: {span.money} USD a month" for stack, span in result.stacks().items()]
    return [*sums, f"total: {result.total.money} USD a month"]


def notes(result: Estimate, settings: Settings, services: Sequence[str] = ()) -> Iterator[str]:
    """What the figures are, what they assume, and what is in none of them."""
    yield from origin(result, settings, services)
    for name, each in result.assumptions.items():
        yield f"assumed: {name}={each.value}: {each.meaning}"
    for one in result.unpriced:
        yield f"not priced: {_address(one)}: {one.reason}"
    yield f"not in it: {'; '.join(result.table.left_out)}"


def origin(result: Estimate, settings: Settings, services: Sequence[str] = ()) -> Iterator[str]:
    """Where resources and prices come from."""
    here, table = settings.environment, result.table
    yield (
        f"resources: those of infra/, slipway.toml and the manifests for {here.name}, "
        "through Terraform with a mocked provider; nothing was asked of AWS"
    )
    yield f"prices: {table.region} list prices of {table.date}, {table.hours} hours a month"
    if here.region != table.region:
        yield f"prices: {here.name} is in {here.region}, where most are higher; no table has them"
    if here.target == "embedded":
        yield f"{here.name} runs on this machine and costs nothing: this is its like on AWS"
    if services:
        yield f"only {', '.join(services)}: without network, load balancer, images and cluster"
    elif here.registry != here.name:
        yield f"images: in the registry of {here.registry}, and in its estimate"


def as_data(
    result: Estimate, settings: Settings, services: Sequence[str] = ()
) -> dict[str, object]:
    """The same for programs; amounts are numbers, in USD a month."""
    return {
        "environment": settings.environment.name,
        "region": settings.environment.region,
        "prices": {"region": result.table.region, "date": result.table.date.isoformat()},
        "total": _span(result.total),
        "stacks": {stack: _span(span) for stack, span in result.stacks().items()},
        "lines": [_line(line) for line in result.lines],
        "assumptions": {name: float(each.value) for name, each in result.assumptions.items()},
        "not_priced": [
            {"address": _address(each), "reason": each.reason} for each in result.unpriced
        ],
        "not_included": list(result.table.left_out),
        "notes": list(origin(result, settings, services)),
    }


def _row(line: Line) -> tuple[str, ...]:
    what = f"{line.what} ({line.assumption})" if line.assumption else line.what
    return (
        _address(line),
        what,
        str(line.quantity),
        line.price.unit,
        plain(line.price.usd),
        line.monthly.money,
    )


def _line(line: Line) -> dict[str, object]:
    return {
        "stack": line.resource.stack,
        "address": line.resource.address,
        "what": line.what,
        "quantity": _span(line.quantity),
        "unit": line.price.unit,
        "usd": float(line.price.usd),
        "monthly": _span(line.monthly),
        "assumption": line.assumption,
        "source": line.price.source,
    }


def _address(one: Line | Unpriced) -> str:
    """Where services have stacks of the same shape, theirs is told."""
    stack, address = one.resource.stack, one.resource.address
    return f"{stack}: {address}" if one.resource.service else address


def _span(span: Span) -> dict[str, float]:
    return {"low": _number(span.low), "high": _number(span.high)}


def _number(value: Decimal) -> float:
    return float(value)
