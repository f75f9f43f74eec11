"""Estimates against tables worked out by hand, and the rules on their own."""

from __future__ import annotations

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from slipway.cost.estimate import Estimate, Span, estimate
from slipway.cost.prices import read
from slipway.cost.resources import Resource, resources

CASES = Path(__file__).parents[2] / "cases" / "cost"
AMOUNT = re.compile(r"(?:so|=) (\d+\.\d\d(?: to \d+\.\d\d)?)$")


def by_hand(name: str) -> dict[str, Any]:
    """The table of a case."""
    return tomllib.loads((CASES / f"{name}.toml").read_text())


def estimated(name: str) -> Estimate:
    """The estimate for the plans of a case."""
    plans = json.loads((CASES / f"{name}.plans.json").read_text())
    return estimate([each for stack in plans for each in resources(plans[stack], stack)], read())


def one(type_: str, *others: Resource, **values: Any) -> Estimate:
    """The estimate for a resource of this type beside `others`, which are free."""
    return estimate([Resource(address=f"{type_}.this", type=type_, values=values), *others], read())


def amounts(result: Estimate) -> dict[str, str]:
    """Monthly USD by what it is for."""
    return {line.what: line.monthly.money for line in result.lines}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_matches_the_table_made_by_hand(name: str) -> None:
    """Every line of an estimate is the one worked out by hand, and none is missing."""
    wanted, found = by_hand(name), estimated(name)
    for stack in ("platform", "registry", "service greeter"):
        lines: dict[str, list[str]] = {}
        for line in found.lines:
            if line.resource.stack == stack:
                lines.setdefault(line.resource.address, []).append(line.monthly.money)
        assert lines == {
            address: [amount(each) for each in sums] for address, sums in wanted[stack].items()
        }


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_adds_up_to_the_sums_made_by_hand(name: str) -> None:
    """Each stack's sum and the total are those worked out by hand."""
    found = estimated(name)
    sums = {stack: span.money for stack, span in found.stacks().items()}
    assert {**sums, "all": found.total.money} == by_hand(name)["totals"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_says_what_has_no_price(name: str) -> None:
    """What is charged and not priced is listed; what is free is not."""
    found = [each.resource.address for each in estimated(name).unpriced]
    assert found == by_hand(name)["not_priced"]["addresses"]


def test_arm_tasks_have_prices_of_their_own() -> None:
    """Two ARM tasks: 2 x 730 h x 0.03238 and 2 x 2 GB x 730 h x 0.00356."""
    task = Resource(
        address="task",
        type="aws_ecs_task_definition",
        values={
            "family": "shop",
            "cpu": "1024",
            "memory": "2048",
            "runtime_platform": [{"cpu_architecture": "ARM64"}],
        },
    )
    assert amounts(one("aws_ecs_service", task, name="shop", desired_count=2)) == {
        "Fargate vCPU": "47.27",
        "Fargate memory": "10.40",
    }


def test_tasks_with_public_addresses_pay_for_them() -> None:
    """Three tasks in public subnets have three addresses: 3 x 730 h x 0.005."""
    task = Resource(
        address="task",
        type="aws_ecs_task_definition",
        values={"family": "shop", "cpu": "256", "memory": "512"},
    )
    found = one(
        "aws_ecs_service",
        task,
        name="shop",
        desired_count=3,
        network_configuration=[{"assign_public_ip": True}],
    )
    assert amounts(found)["public addresses of tasks"] == "10.95"


def test_another_services_tasks_are_not_taken() -> None:
    """A service whose task definition is not among the resources is not priced by another's."""
    task = Resource(address="task", type="aws_ecs_task_definition", values={"family": "shop-two"})
    found = one("aws_ecs_service", task, name="shop", desired_count=1)
    assert [each.reason for each in found.unpriced] == ["no task definition is called shop"]


def test_a_database_in_one_zone_costs_half() -> None:
    """One zone, no secret of its own: 730 h x 0.016 and 20 GB x 0.115."""
    found = one(
        "aws_db_instance", engine="postgres", instance_class="db.t4g.micro", allocated_storage=20
    )
    assert amounts(found) == {
        "PostgreSQL db.t4g.micro, one zone": "11.68",
        "storage, one zone": "2.30",
    }


def test_a_cache_of_shards_counts_their_replicas() -> None:
    """Two shards with one replica each are four nodes: 4 x 730 h x 0.017."""
    found = one(
        "aws_elasticache_replication_group",
        node_type="cache.t3.micro",
        num_node_groups=2,
        replicas_per_node_group=1,
    )
    assert found.total.money == "49.64"


@pytest.mark.parametrize(
    ("type_", "values", "reason"),
    [
        ("aws_db_instance", {"engine": "postgres", "instance_class": "db.x9.big"}, "db.x9.big"),
        ("aws_db_instance", {"engine": "mysql", "instance_class": "db.t4g.micro"}, "mysql"),
        ("aws_elasticache_replication_group", {"node_type": "cache.r9.big"}, "cache.r9.big"),
        ("aws_lb", {"load_balancer_type": "network"}, "network"),
        ("aws_lb", {"load_balancer_type": "application"}, "subnets: known only after apply"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface"}, "known only after apply"),
        ("aws_apigatewayv2_api", {"protocol_type": "WEBSOCKET"}, "WEBSOCKET"),
        ("aws_glue_job", {}, "prices.toml has nothing on aws_glue_job"),
    ],
)
def test_tells_what_it_cannot_price(type_: str, values: dict[str, Any], reason: str) -> None:
    """A resource without a price gets no line at all, and the reason is told."""
    found = one(type_, **values)
    assert not found.lines
    assert reason in found.unpriced[0].reason


def test_an_internal_load_balancer_has_no_public_address() -> None:
    """Behind an API gateway there are hours and capacity alone."""
    found = one("aws_lb", load_balancer_type="application", internal=True, subnets=["a", "b"])
    assert amounts(found) == {"application load balancer": "16.43", "capacity": "5.84"}


def test_an_api_gateway_pays_by_request() -> None:
    """A million requests a month, unless assumed otherwise."""
    assert amounts(one("aws_apigatewayv2_api", protocol_type="HTTP")) == {"requests": "1.00"}


def test_insights_that_are_off_cost_nothing() -> None:
    """A cluster without Container Insights is free."""
    setting = [{"name": "containerInsights", "value": "disabled"}]
    assert not one("aws_ecs_cluster", setting=setting).lines


def test_logs_without_an_end_are_counted_for_a_year() -> None:
    """Kept for ever, a GB a month is 365/30 GB after a year: x 0.03 = 0.365, so 0.37."""
    assert amounts(one("aws_cloudwatch_log_group", retention_in_days=0))["logs kept"] == "0.37"


def test_assumptions_can_be_replaced() -> None:
    """With 100 GB instead of 10, a NAT gateway's data is 100 x 0.045."""
    gateway = Resource(address="nat", type="aws_nat_gateway")
    found = estimate([gateway], read().assuming(["nat_gb=100"]))
    assert amounts(found)["data"] == "4.50"
    assert {name: each.value for name, each in found.assumptions.items()} == {
        "nat_gb": Decimal(100)
    }


def test_sums_are_those_of_the_lines_shown() -> None:
    """Two lines of 0.023 are 0.04 and not 0.05: what is shown can be added up by hand."""
    bucket = Resource(address="bucket", type="aws_s3_bucket")
    assert estimate([bucket, bucket], read()).total.money == "0.04"


def test_a_span_shows_one_figure_where_both_are_alike() -> None:
    """Quantities have no zeros at their end; a range says from and to."""
    assert str(Span.of(Decimal("182.50"))) == "182.5"
    assert str(Span.of(1460, 7300)) == "1460 to 7300"


def amount(text: str) -> str:
    """What a line of arithmetic comes to."""
    found = AMOUNT.search(text)
    assert found, f"no amount at the end of: {text}"
    return found[1]
