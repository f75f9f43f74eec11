"""Costs of the project's own environments, through Terraform itself; without an account."""

from __future__ import annotations

import pytest

from slipway.config import load
from slipway.cost.estimate import estimate
from slipway.cost.inventory import Inventory
from slipway.cost.prices import read
from slipway.paths import find_checkout
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("name", ["local", "dev", "test", "staging", "prod"])
def test_every_resource_of_an_environment_is_priced_or_known_to_be_free(name: str) -> None:
    """A type that nobody has thought of, or a size without a price, fails here first."""
    checkout = find_checkout()
    settings = load(checkout, name)
    place = Inventory(checkout=checkout, settings=settings, runner=SubprocessRunner())
    table = read()
    result = estimate(place.resources(), table)
    gaps = [each for each in result.unpriced if each.resource.type not in table.unpriced]
    assert not [f"{each.resource.address}: {each.reason}" for each in gaps]


def test_dev_and_prod_cost_what_their_sizes_say() -> None:
    """prod costs more than dev, has a range, and two NAT gateways instead of one."""
    checkout = find_checkout()
    found = {}
    for name in ("dev", "prod"):
        settings = load(checkout, name)
        place = Inventory(checkout=checkout, settings=settings, runner=SubprocessRunner())
        found[name] = estimate(place.resources(), read())
    gateways = {
        name: sum(1 for line in each.lines if line.what == "NAT gateway")
        for name, each in found.items()
    }
    assert gateways == {"dev": 1, "prod": 2}
    assert found["dev"].total.low == found["dev"].total.high
    assert found["dev"].total.high < found["prod"].total.low < found["prod"].total.high
