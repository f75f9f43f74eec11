"""What a plan costs more a month, by list prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from slipway.cost.estimate import Span, estimate

if TYPE_CHECKING:
    from slipway.cost.resources import Resource
    from slipway.infra.plan import PlanSummary
    from slipway.infra.stacks import Stack
    from slipway.release.world import World

NOTHING = Span.of(Decimal("0.00"))


class Costs(Protocol):
    """A part of a plan whose cost may be known."""

    @property
    def monthly(self) -> Span | None: ...


def difference(summary: PlanSummary) -> Span:
    """What the resources of a stack would cost more than they do now."""
    return priced(summary.after) + priced(summary.before).times(-1)


def priced(resources: Sequence[Resource]) -> Span:
    """USD a month."""
    from slipway.cost.prices import read

    return estimate(resources, read()).total


def of_new(world: World, stack: Stack) -> Span | None:
    """What a stack costs of which nothing is there yet; None where that can't be found out."""
    from slipway.cost.inventory import Inventory
    from slipway.errors import SlipwayError

    inventory = Inventory(checkout=world.checkout, settings=world.settings, runner=world.runner)
    try:
        return priced([each for made in inventory.made([stack]) for each in made.resources])
    except SlipwayError:
        return None


def total(parts: Iterable[Costs]) -> Span | None:
    """What all parts cost more; None where one of them is not known."""
    found = [each.monthly for each in parts]
    known = [each for each in found if each is not None]
    return sum(known, NOTHING) if len(known) == len(found) else None


def told(span: Span | None) -> str:
    """A difference as people read it: `+12.40 USD a month`."""
    if span is None:
        return "not known; see uv run invoke cost"
    if span == NOTHING:
        return "the same"
    low, high = f"{span.low:+.2f}", f"{span.high:+.2f}"
    return f"{low if low == high else f'{low} to {high}'} USD a month"
