"""Which port a service's tasks listen on while another one is about to replace it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from slipway.release.serving import former_port
from tests.samples import make_service

SETTINGS: Any = SimpleNamespace(
    owner="", project="shop", environment=SimpleNamespace(name="staging")
)


class Ecs:
    """An ECS that knows one service, or none."""

    def __init__(self, *services: dict[str, Any]) -> None:
        self.services = list(services)

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        assert (cluster, services) == ("shop-staging", ["shop-staging-orders"])
        return {"services": self.services}

    def describe_task_definition(self, **_: Any) -> dict[str, Any]:
        container = {"name": "app", "image": "i", "portMappings": [{"containerPort": 9000}]}
        made = datetime(2026, 1, 1, tzinfo=UTC)
        return {"taskDefinition": {"containerDefinitions": [container], "registeredAt": made}}


def port(*services: dict[str, Any]) -> int:
    aws: Any = SimpleNamespace(ecs=Ecs(*services))
    return former_port(aws, SETTINGS, make_service("orders"))


def test_the_port_is_that_of_the_revision_at_work() -> None:
    """Whoever rolls it out: ECS by deployments, CodeDeploy by task sets."""
    primary = {"id": "1", "status": "PRIMARY", "taskDefinition": "arn:1"}
    assert port({"status": "ACTIVE", "deployments": [primary]}) == 9000
    assert port({"status": "ACTIVE", "deployments": [], "taskSets": [primary]}) == 9000


def test_a_service_that_is_not_there_has_no_port() -> None:
    """Before its first deploy, and after it was removed."""
    assert port() == 0
    assert port({"status": "INACTIVE", "deployments": []}) == 0
