"""The service stack takes what is imported: Terraform makes it in memory, without an account."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from slipway import tools
from slipway.config import load
from slipway.cost.inventory import Inventory
from slipway.cost.resources import Resource
from slipway.importing import apply
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from tests.cases_files import CASES
from tests.unit.importing.samples import REAL, checkout_in, request_of

IMPORTED = {
    "search-api": CASES / "importing" / "copilot" / "scaling",
    "ticker": CASES / "importing" / "ecspresso" / "plain",
    "nightly-report": CASES / "importing" / "taskdef" / "cron",
}


@pytest.mark.tools
def test_terraform_takes_what_is_imported(tmp_path: Path) -> None:
    """One of each tool, as it would be in production: two that serve, and a job."""
    checkout = checkout_in(tmp_path)
    shutil.copytree(REAL.infra, checkout.infra, ignore=shutil.ignore_patterns(".terraform"))
    known = tools.cli_config_path(REAL)
    if known.is_file():  # where the provider is, as set up
        tools.cli_config_path(checkout).parent.mkdir(parents=True)
        shutil.copy(known, tools.cli_config_path(checkout))
    for case in IMPORTED.values():
        apply.apply(checkout, apply.plan(checkout, request_of(case)))
    resources = made(checkout)
    assert {each.stack for each in resources} == {f"service {name}" for name in IMPORTED}
    assert not of(resources, "nightly-report", "aws_ecs_service")
    (task,) = of(resources, "nightly-report", "aws_ecs_task_definition")
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    (task,) = of(resources, "search-api", "aws_ecs_task_definition")
    assert (task["cpu"], task["memory"]) == ("2048", "5120")
    (task,) = of(resources, "ticker", "aws_ecs_task_definition")
    (container,) = json.loads(task["container_definitions"])
    assert {"name": "WORKERS", "value": "4"} in container["environment"]
    assert {each["name"] for each in container["secrets"]} == {"API_TOKEN", "ENDPOINT", "FEED_URL"}
    assert container["portMappings"][0]["containerPort"] == 8080


def made(checkout: Checkout) -> list[Resource]:
    """What the service stacks hold; without a contract, the mocked platform tells its own."""
    settings = load(checkout, "prod", list(IMPORTED))
    inventory = Inventory(checkout=checkout, settings=settings, runner=SubprocessRunner())
    return [each for stack in inventory.made(inventory.services("")) for each in stack.resources]


def of(resources: list[Resource], service: str, kind: str) -> list[Any]:
    """The values of a service's resources of one kind."""
    return [
        each.values for each in resources if (each.stack, each.type) == (f"service {service}", kind)
    ]
