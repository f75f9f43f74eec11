"""Making a service anew where its controller changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.config import load
from slipway.errors import DeployError
from slipway.paths import Checkout
from slipway.release.remake import make_room
from slipway.release.world import Site
from tests.samples import make_service

ROOT = Path(__file__).parents[3]
NAME = "slipway-local-greeter"


class Ecs:
    """An ECS whose service drains for so many looks."""

    def __init__(self, controller: str, drains: int) -> None:
        self.controller, self.drains = controller, drains
        self.deleted: list[dict[str, Any]] = []

    def delete_service(self, **given: Any) -> None:
        self.deleted.append(given)

    def describe_services(self, **_: Any) -> Any:
        status = "ACTIVE"
        if self.deleted:
            status = "DRAINING" if self.drains > 0 else "INACTIVE"
            self.drains -= 1
        service = {
            "serviceName": NAME,
            "status": status,
            "desiredCount": 1,
            "runningCount": 1,
            "deploymentController": {"type": self.controller},
        }
        return {"services": [service]}


def site(ecs: Ecs, strategy: str) -> Any:
    service = make_service(deploy={"strategy": strategy})
    settings = replace(load(Checkout(ROOT), "local"), services={"greeter": service})
    console = SimpleNamespace(detail=lambda _: None)
    aws = SimpleNamespace(ecs=ecs)
    return cast(Site, SimpleNamespace(settings=settings, console=console, aws=aws)), service


def test_the_old_service_is_gone_before_the_new_one_is_made() -> None:
    """ECS refuses a second service of the name, even while the first drains."""
    ecs = Ecs("ECS", drains=3)
    pauses: list[float] = []
    make_room(*site(ecs, "canary"), pause=pauses.append)
    assert ecs.deleted == [{"cluster": "slipway-local", "service": NAME, "force": True}]
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("controller", "strategy"), [("ECS", "rolling"), ("CODE_DEPLOY", "linear")]
)
def test_a_service_of_the_same_controller_stays(controller: str, strategy: str) -> None:
    """An ordinary deploy removes nothing."""
    ecs = Ecs(controller, drains=0)
    make_room(*site(ecs, strategy))
    assert ecs.deleted == []


def test_a_service_that_drains_for_ever_is_told() -> None:
    """The wait has an end, and says what to look at."""
    with pytest.raises(DeployError, match="draining"):
        make_room(*site(Ecs("ECS", drains=10_000), "canary"), pause=lambda _: None)
