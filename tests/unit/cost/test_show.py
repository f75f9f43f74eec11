"""An estimate as people and programs read it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from slipway.config import Environment, Settings, load
from slipway.cost.estimate import Estimate, estimate
from slipway.cost.prices import read
from slipway.cost.resources import Resource
from slipway.cost.show import as_data, notes, rows, totals
from slipway.paths import find_checkout

FOUND = [
    Resource(address="aws_nat_gateway.this", type="aws_nat_gateway", stack="platform"),
    Resource(address="aws_glue_job.this", type="aws_glue_job", stack="service orders"),
    Resource(address="aws_s3_bucket.this", type="aws_s3_bucket", stack="service orders"),
]


def example(**changes: Any) -> tuple[Estimate, Settings]:
    """An estimate, and settings whose environment has these changes."""
    settings = load(find_checkout(), "dev", environ={})
    here: Environment = replace(settings.environment, **changes)
    return estimate(FOUND, read()), replace(settings, environment=here)


def told(**changes: Any) -> str:
    """The notes of the example as one text."""
    return "\n".join(notes(*example(**changes)))


def test_rows_can_be_checked_by_hand() -> None:
    """Quantity times price is the amount; what is assumed is named; services are told apart."""
    result, _ = example()
    assert rows(result) == [
        ("aws_nat_gateway.this", "NAT gateway", "730", "hour", "0.045", "32.85"),
        ("aws_nat_gateway.this", "data (nat_gb)", "10", "GB", "0.045", "0.45"),
        (
            "service orders: aws_s3_bucket.this",
            "storage (bucket_gb)",
            "1",
            "GB-month",
            "0.023",
            "0.02",
        ),
    ]


def test_totals_are_those_of_each_stack_and_of_all() -> None:
    """A line for each stack, then the sum."""
    assert totals(example()[0]) == [
        "platform: 33.30 USD a month",
        "service orders: 0.02 USD a month",
        "total: 33.32 USD a month",
    ]


def test_notes_say_where_figures_come_from() -> None:
    """Region and date of the prices, what is assumed, what has no price, what is in no line."""
    text = told()
    assert f"us-east-1 list prices of {read().date}" in text
    assert "dev is in us-west-1, where most are higher" in text
    assert "assumed: nat_gb=10: GB a month through each NAT gateway" in text
    assert "not priced: service orders: aws_glue_job.this" in text
    assert "not in it: data to the internet" in text


def test_prices_of_the_same_region_need_no_warning() -> None:
    """An environment where the prices are from is told nothing of others."""
    assert "most are higher" not in told(region="us-east-1")


def test_the_embedded_aws_costs_nothing() -> None:
    """For an environment on this machine the estimate is of its like on AWS."""
    assert "costs nothing: this is its like on AWS" in told(target="embedded")


def test_says_where_images_are_counted() -> None:
    """With the registry of another environment, images are in that one's estimate."""
    assert "images: in the registry of staging" in told(registry="staging")


def test_one_service_is_without_what_is_shared() -> None:
    """Only the lines and gaps of services are left."""
    result, settings = example()
    only = result.of_services()
    assert only.total.money == "0.02"
    assert "only orders: without network" in "\n".join(notes(only, settings, ["orders"]))


def test_data_is_json() -> None:
    """Programs get numbers, and the source of every price."""
    data = json.loads(json.dumps(as_data(*example())))
    assert data["total"] == {"low": 33.32, "high": 33.32}
    assert data["lines"][1] == {
        "stack": "platform",
        "address": "aws_nat_gateway.this",
        "what": "data",
        "quantity": {"low": 10.0, "high": 10.0},
        "unit": "GB",
        "usd": 0.045,
        "monthly": {"low": 0.45, "high": 0.45},
        "assumption": "nat_gb",
        "source": read().prices["nat_data"].source,
    }
    assert data["not_priced"][0]["address"] == "service orders: aws_glue_job.this"
