"""The price table: complete, sourced, and overridden only by what it knows."""

from __future__ import annotations

import pytest

from slipway.cost.prices import read
from slipway.cost.rates import RULES
from slipway.errors import UsageError


def test_every_price_has_a_source() -> None:
    """No price without where it was read, and the pages of a group are spelled out."""
    for name, price in read().prices.items():
        assert price.source.startswith(("https://", "AWS's price list")), name
        assert "{" not in price.source


def test_units_decide_what_is_hourly() -> None:
    """A NAT gateway is charged by the hour, its data by the GB."""
    prices = read().prices
    assert prices["nat_gateway"].hourly
    assert not prices["nat_data"].hourly


def test_nothing_is_both_priced_and_free() -> None:
    """A rule would hide that a type is listed as free."""
    table = read()
    assert not [each for each in RULES if table.is_free(each)]


def test_free_patterns_spare_what_is_charged() -> None:
    """Buckets' settings are free; buckets are not, nor zones, which begin like a route."""
    table = read()
    assert table.is_free("aws_s3_bucket_versioning")
    assert not table.is_free("aws_s3_bucket")
    assert not table.is_free("aws_route53_zone")


def test_refuses_assumptions_that_are_off() -> None:
    """All of them at once: unknown names, no figure, a negative one."""
    with pytest.raises(UsageError) as caught:
        read().assuming(["nat=1", "lcu", "log_gb=-1", "nat_gb=NaN", "image_gb=2"])
    lines = caught.value.message.splitlines()
    assert [line.split(":")[0] for line in lines] == ["nat=1", "lcu", "log_gb=-1", "nat_gb=NaN"]
    assert "endpoint_gb" in lines[0]
