"""What a deploy refuses before it changes anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.config import Service, Settings, load
from slipway.errors import DeployError
from slipway.paths import Checkout
from slipway.release.preflight import refusals, refuse
from tests.samples import make_service

ROOT = Path(__file__).parents[3]


def of(*services: Service) -> Settings:
    """This checkout's settings with other services."""
    settings = load(Checkout(ROOT), "local")
    return replace(settings, services={service.name: service for service in services})


def test_what_works_is_let_through() -> None:
    """A rolling deploy is not refused, whatever else the service has."""
    service = make_service(database={"enabled": True}, cache={"enabled": True}, secrets=["KEY"])
    assert refusals(of(service)) == []
    refuse(of(service))


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "linear"])
def test_a_strategy_that_nothing_carries_out_is_refused(strategy: str) -> None:
    """Rolling out otherwise than asked for would be worse than not to."""
    found = refusals(of(make_service(deploy={"strategy": strategy})))
    assert found == [
        f'greeter: deploy.strategy "{strategy}" can\'t be rolled out yet; set it to "rolling"'
    ]


def test_all_services_are_refused_at_once() -> None:
    """The error has a line for each service, and says what to do."""
    blue = {"strategy": "blue_green"}
    with pytest.raises(DeployError) as caught:
        refuse(of(make_service("a1", deploy=blue), make_service(), make_service("b1", deploy=blue)))
    assert [line.split(":")[0] for line in caught.value.message.splitlines()] == ["a1", "b1"]
    assert caught.value.next_step
