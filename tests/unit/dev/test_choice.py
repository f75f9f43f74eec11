"""From what is wished to a plan, in checkouts made for it; and one run at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.dev import apply, choice, stores
from slipway.dev.choice import Wish
from slipway.errors import ConfigError, LockedError, UsageError
from slipway.paths import Checkout

PROJECT = """
[project]
name = "shop"

[environments.local]
target = "embedded"
"""
WEB = """
name = "orders"
needs = ["greeter"]
route = { path = "/orders", priority = 10 }
database = { enabled = true }
"""
GREETER = """
name = "greeter"
route = { path = "/greeter", priority = 20 }
"""
JOB = """
name = "reports"
kind = "job"
needs = []

[jobs.daily]
command = ["python", "-m", "reports"]
"""
DOCKERFILE = 'FROM python\nCMD ["python", "-m", "app"]\n'
FILES = {
    "slipway.toml": PROJECT,
    "services/orders/service.toml": WEB,
    "services/orders/Dockerfile": DOCKERFILE,
    "services/greeter/service.toml": GREETER,
    "services/greeter/Dockerfile": DOCKERFILE,
    "services/reports/service.toml": JOB,
}


@pytest.fixture(autouse=True)
def _free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "is_free", lambda port: True)


def make(folder: Path, files: Mapping[str, str] = FILES) -> Checkout:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Checkout(folder)


def wish(*services: str) -> Wish:
    return Wish(environment="local", services=services)


def test_all_that_serve(tmp_path: Path) -> None:
    """Jobs run when they are asked for."""
    made = choice.choose(make(tmp_path), wish())
    assert [one.name for one in made.services] == ["greeter", "orders"]


def test_a_service_and_what_it_needs(tmp_path: Path) -> None:
    """Those that are needed first; without data no store is started."""
    checkout = make(tmp_path)
    orders, greeter = (choice.choose(checkout, wish(name)) for name in ("orders", "greeter"))
    assert [one.name for one in orders.services] == ["greeter", "orders"]
    assert (orders.stores, greeter.stores) == (True, False)


def test_a_job_is_its_first_command(tmp_path: Path) -> None:
    """It has no port and no address, and no Dockerfile is asked."""
    checkout = make(tmp_path)
    plan = choice.look(checkout, choice.choose(checkout, wish("reports")))
    job = plan.services["reports"]
    assert job.program.argv[-3:] == ("python", "-m", "reports")
    assert (job.port, job.url, plan.ports) == (0, "-", {})
    assert "PORT" not in job.program.env


def test_nothing_serves(tmp_path: Path) -> None:
    """What to type instead is said."""
    files = {"slipway.toml": PROJECT, "services/reports/service.toml": JOB}
    with pytest.raises(UsageError, match="no service here serves") as refused:
        choice.choose(make(tmp_path, files), wish())
    assert refused.value.next_step.endswith("--service=reports")


def test_a_name_that_is_none(tmp_path: Path) -> None:
    """The nearest one is named."""
    with pytest.raises(UsageError, match=r"did you mean orders\?"):
        choice.choose(make(tmp_path), wish("order"))


def test_ports_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of services that are not chosen now, too; a file that is spoilt is no matter."""
    checkout = make(tmp_path)
    first = choice.noted(checkout, choice.choose(checkout, wish()))
    assert first.ports == {"greeter": 8000, "orders": 8001, "store/postgres": 5432}
    monkeypatch.setattr(stores, "is_free", lambda port: port != 8000)
    second = choice.noted(checkout, choice.choose(checkout, wish("greeter")))
    assert second.ports == {"greeter": 8002}
    assert choice.noted_ports(checkout)["orders"] == 8001
    (checkout.work / "dev" / "ports.json").write_text("{")
    assert choice.noted_ports(checkout) == {}


def test_other_needs_are_for_another_start(tmp_path: Path) -> None:
    """What was not started can't be handed over; all else is taken in."""
    checkout = make(tmp_path)
    plan = choice.look(checkout, choice.choose(checkout, wish()))
    make(tmp_path, {"services/orders/local.env": "", "services/orders/service.toml": WEB})
    assert choice.plan_again(checkout, wish(), plan, "orders").port == 8001
    make(tmp_path, {"services/greeter/service.toml": GREETER + "cache = { enabled = true }"})
    with pytest.raises(ConfigError, match="needs others, or other data") as refused:
        choice.plan_again(checkout, wish(), plan, "greeter")
    assert refused.value.next_step == "start invoke dev again"


def test_a_missing_dockerfile_is_named(tmp_path: Path) -> None:
    """It says what a service runs."""
    files = {name: text for name, text in FILES.items() if name != "services/greeter/Dockerfile"}
    checkout = make(tmp_path, files)
    with pytest.raises(ConfigError, match="services/greeter/Dockerfile: No such file"):
        choice.look(checkout, choice.choose(checkout, wish("greeter")))


def test_one_at_a_time(tmp_path: Path) -> None:
    """The other's process is named; when it is gone the next one may."""
    checkout = make(tmp_path)
    refused = pytest.raises(LockedError, match=r"already \(process \d+\)")
    with apply.alone(checkout), refused, apply.alone(checkout):
        pytest.fail("both at once")
    with apply.alone(checkout):
        pass
