"""What is to run on a developer's machine: ports, order, programs, variables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slipway.config import Settings, load
from slipway.dev.plan import Plan, Seen, in_order, plan, prepares, replans, wanted_ports
from slipway.dev.ports import choose
from slipway.dev.program import command_in
from slipway.errors import ConfigError
from slipway.paths import Checkout
from tests.cases_files import cases
from tests.samples import make_service

ROOT = Path(__file__).parents[3]
PORTS = {"greeter": 8000, "order-desk": 8001, "store/postgres": 5433, "store/redis": 6380}
SEEN = Seen(program=("python", "-m", "app"), local={}, seeds=False)


@pytest.mark.parametrize("case", cases("dev/ports"))
def test_ports(case: Any) -> None:
    """Each case: what is wanted, what there was before, what is taken, and what follows."""
    taken = case["taken"]
    found = choose(case["wanted"], case["before"], lambda port: port not in taken)
    assert found == case["ports"], case["says"]


@pytest.mark.parametrize("case", cases("dev/needs"))
def test_order(case: Any) -> None:
    """Each case: what services need, which are chosen, and in which order which run."""
    assert list(in_order(case["needs"], case["chosen"])) == case["order"], case["says"]


@pytest.mark.parametrize("case", cases("dev/programs"))
def test_programs(case: Any) -> None:
    """Each case: a Dockerfile, and what its image runs, or why that is not to be told."""
    shown = "services/orders/Dockerfile"
    if "error" in case:
        with pytest.raises(ConfigError) as refused:
            command_in(case["dockerfile"], shown)
        assert refused.value.message == case["error"], case["says"]
        assert "CMD [" in refused.value.next_step
    else:
        assert list(command_in(case["dockerfile"], shown)) == case["words"], case["says"]


def settings() -> Settings:
    desk = make_service(
        "order-desk",
        needs=["greeter"],
        secrets=["SALT", "PEPPER"],
        parameters={"FLAGS": "/shop/flags"},
        env={"DRAIN_SECONDS": "9", "LEVEL": "info"},
        database={"enabled": True, "migrate": ["python", "-m", "desk.migrate"]},
        cache={"enabled": True},
        buckets={"up-loads": {"replicate": False}},
    )
    services = {"greeter": make_service(), "order-desk": desk}
    return replace(load(Checkout(ROOT), "local"), services=services)


def planned(**changes: Any) -> Plan:
    seen = {"greeter": SEEN, "order-desk": replace(SEEN, **changes)}
    return plan(settings(), seen, PORTS, Path("/bin/uv"))


def test_a_service_gets_what_its_container_would() -> None:
    """Account, cache, bucket, the needed one's address, and AWS only as the embedded one."""
    env = planned(local={"SALT": "pinch", "LEVEL": "debug"}).services["order-desk"].program.env
    wanted = {
        "SERVICE_NAME": "order-desk",
        "ENVIRONMENT": "development",
        "PORT": "8001",
        "ROUTE_PATH": "/order-desk",
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": "5433",
        "DATABASE_NAME": "order_desk",
        "DATABASE_USERNAME": "order_desk",
        "CACHE_PORT": "6380",
        "CACHE_PREFIX": "order-desk:",
        "GREETER_URL": "http://127.0.0.1:8000/greeter",
        "BUCKET_UP_LOADS": "slipway-local-order-desk-up-loads-000000000000",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_PROFILE": None,
        "SALT": "pinch",
        "LEVEL": "debug",
        "DRAIN_SECONDS": "0",
    }
    assert {name: env.get(name, "(none)") for name in wanted} == wanted
    assert not {name for name in env if name.endswith("_ARN")}


def test_migrations_and_seeds_come_before_the_program() -> None:
    """In the service's folder, in the environment of its lock file."""
    desk = planned(seeds=True).services["order-desk"]
    assert [str(one) for one in (*desk.before, desk.program)] == [
        "/bin/uv run --frozen python -m desk.migrate",
        "/bin/uv run --frozen python seeds.py",
        "/bin/uv run --frozen python -m app",
    ]
    assert desk.program.cwd == Path("services/order-desk")
    assert planned().services["greeter"].before == ()


def test_values_that_are_missing_are_known() -> None:
    """Secrets and parameters; an empty value is none."""
    desk = planned(local={"SALT": "pinch", "PEPPER": ""}).services["order-desk"]
    assert desk.missing == ("PEPPER", "FLAGS")


def test_the_table_has_what_a_person_types() -> None:
    """Addresses that a browser, `psql` and `redis-cli` take."""
    found = planned()
    assert found.databases == ("order_desk",)
    assert found.rows() == [
        ("greeter", "http://127.0.0.1:8000/greeter", "-", "-"),
        (
            "order-desk",
            "http://127.0.0.1:8001/order-desk",
            "postgresql://order_desk:slipway@127.0.0.1:5433/order_desk",
            "redis://127.0.0.1:6380/0",
        ),
    ]


def test_only_stores_that_are_used_have_a_port() -> None:
    """Without them no engine is asked for."""
    assert wanted_ports([make_service()]) == {"greeter": 8000}
    cached = make_service("orders", port=9000, cache={"enabled": True})
    assert wanted_ports([cached]) == {"orders": 9000, "store/redis": 6379}


def test_what_a_change_makes_necessary() -> None:
    """Migrations for what may be one, another plan for what makes plans; else a new start alone."""
    assert prepares({"src/orders/migrations/versions/2.py"})
    assert prepares({"seeds.py"})
    assert not prepares({"src/orders/api.py"})
    assert replans({"local.env", "src/orders/api.py"})
    assert not replans({"src/orders/service.toml"})
