"""What a deploy refuses before it changes anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.config import Service, Settings, load
from slipway.paths import Checkout
from slipway.release.preflight import ADDRESSES, refusals
from slipway.rollout.decide import Snapshot
from tests.samples import make_service

ROOT = Path(__file__).parents[3]


def of(*services: Service) -> Settings:
    """This checkout's settings with other services."""
    settings = load(Checkout(ROOT), "local")
    return replace(settings, services={service.name: service for service in services})


def live(controller: str) -> Snapshot:
    return Snapshot(
        service="local-greeter", status="ACTIVE", desired=1, running=1, controller=controller
    )


@pytest.mark.parametrize("strategy", ["rolling", "blue_green", "canary", "linear"])
def test_a_service_that_is_not_there_yet_may_have_any_strategy(strategy: str) -> None:
    """The first deploy makes it as it is wanted."""
    assert refusals(of(make_service(deploy={"strategy": strategy})), {}) == []


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "linear"])
def test_strategies_of_codedeploy_follow_each_other(strategy: str) -> None:
    """Only the deployment group changes; the service stays."""
    settings = of(make_service(deploy={"strategy": strategy}))
    assert refusals(settings, {"greeter": live("CODE_DEPLOY")}) == []


@pytest.mark.parametrize(("strategy", "before"), [("canary", "ECS"), ("rolling", "CODE_DEPLOY")])
def test_a_change_of_the_controller_is_no_accident(strategy: str, before: str) -> None:
    """The service would be made anew, with a gap; whoever wants that says so by an address."""
    settings = of(make_service(deploy={"strategy": strategy}))
    now = {"greeter": live(before)}
    [(line, address)] = refusals(settings, now)
    assert "made anew" in line
    assert address == ADDRESSES[before]
    assert refusals(settings, now, [address]) == []
    assert refusals(settings, now, ["all"]) == []


def test_all_services_are_refused_at_once() -> None:
    """There is a line for each of them."""
    blue = {"strategy": "blue_green"}
    settings = of(make_service("a1", deploy=blue), make_service(), make_service("b1", deploy=blue))
    now = {name: live("ECS") for name in ("a1", "greeter", "b1")}
    assert [line.split(":")[0] for line, _ in refusals(settings, now)] == ["a1", "b1"]


def test_a_service_that_serves_is_no_job_by_accident() -> None:
    """Nothing would answer its requests any more; whoever wants that says so by the address."""
    job = {"command": ("report",), "schedule": "", "timezone": "UTC", "cpu": 0, "memory": 0}
    settings = of(make_service(kind="job", jobs={"main": job}))
    [(line, address)] = refusals(settings, {"greeter": live("ECS")})
    assert "would serve none any more" in line
    assert refusals(settings, {"greeter": live("ECS")}, [address]) == []
    assert refusals(settings, {}) == []
