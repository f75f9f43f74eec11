"""The environments of this repository, and how little another one takes."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from slipway import names
from slipway.config import Service, load
from slipway.errors import ConfigError
from slipway.infra.stacks import platform_stack, registry_stack, service_stack, service_variable
from slipway.paths import Checkout
from tests.samples import make_service

ROOT = Path(__file__).parents[3]
IMAGE = f"444444444444.dkr.ecr.us-west-1.amazonaws.com/slipway/greeter@sha256:{'0' * 64}"

QA = """
[environments.qa]
target = "aws"
account_id = "444444444444"
region = "eu-west-1"

[environments.qa.defaults]
cpu = 512
memory = 1024
scale = { min = 3, max = 3 }
"""


@pytest.fixture
def with_qa(tmp_path: Path) -> Checkout:
    """This checkout, with one table and one file more."""
    (tmp_path / "slipway.toml").write_text((ROOT / "slipway.toml").read_text() + QA)
    for manifest in (ROOT / "services").glob("*/service.toml"):
        folder = tmp_path / "services" / manifest.parent.name
        folder.mkdir(parents=True)
        shutil.copy(manifest, folder)
    hcl = shutil.ignore_patterns(".terraform", "tests")
    shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=hcl)
    (tmp_path / "infra/environments/qa.tfvars").write_text('nat = "none"\n')
    return Checkout(tmp_path)


@pytest.mark.parametrize(
    ("environment", "sizes"),
    [
        ("dev", (256, 512, 1, 1)),
        ("test", (256, 512, 1, 1)),
        ("staging", (512, 1024, 2, 4)),
        ("prod", (1024, 2048, 2, 10)),
    ],
)
def test_sizes_of_the_environments(environment: str, sizes: tuple[int, ...]) -> None:
    """A service that asks for nothing gets its environment's cpu, memory and number of tasks."""
    greeter = load(Checkout(ROOT), environment).services["greeter"]
    assert (greeter.cpu, greeter.memory, greeter.scale.min, greeter.scale.max) == sizes


def test_what_users_see_is_protected() -> None:
    """Production, and what is promoted to it, refuse to be destroyed; the rest does not."""
    environments = load(Checkout(ROOT), "local").environments.values()
    assert [one.name for one in environments if one.protected] == ["staging", "prod"]


def test_images_of_test_come_from_dev() -> None:
    """Environments of one account share a registry, so that an image is pushed once."""
    stack = registry_stack(load(Checkout(ROOT), "test"), Checkout(ROOT))
    assert (stack.environment, stack.variables["environment"]) == ("dev", "dev")


def test_no_two_environments_share_state_or_names() -> None:
    """State, resources and the contract of each environment are its own."""
    everywhere = [load(Checkout(ROOT), one) for one in load(Checkout(ROOT), "local").environments]
    stacks = [service_stack(s, s.services["greeter"], IMAGE, Checkout(ROOT)) for s in everywhere]
    assert len({(stack.backend.bucket, stack.state_path) for stack in stacks}) == len(stacks)
    assert len({stack.data_dir for stack in stacks}) == len(stacks)
    assert len({names.prefix(settings) for settings in everywhere}) == len(stacks)


def test_another_environment_is_a_table_and_a_file(with_qa: Checkout) -> None:
    """Settings, stacks and their variables follow from these two alone."""
    settings = load(with_qa, "qa")
    greeter = settings.services["greeter"]
    platform = platform_stack(settings, with_qa)
    service = service_stack(settings, greeter, IMAGE, with_qa)
    assert (greeter.cpu, greeter.scale.min) == (512, 3)
    assert platform.var_files == (with_qa.infra / "environments/qa.tfvars",)
    assert platform.backend.bucket == "slipway-state-444444444444-eu-west-1"
    assert service.state_path == "env:/qa/service/greeter.tfstate"
    for stack in (platform, service, registry_stack(settings, with_qa)):
        common = ("environment", "project", "owner", "region", "protected")
        values = {name: stack.variables[name] for name in common}
        assert tuple(values.values()) == ("qa", "slipway", "", "eu-west-1", False)
    assert service.variables["service"] == service_variable(greeter)
    assert service.variables["image"] == IMAGE


def test_names_of_services_resolve_on_aws(with_qa: Checkout) -> None:
    """A copy of local.tfvars keeps a setting that only the embedded AWS can do with."""
    file = with_qa.infra / "environments/qa.tfvars"
    file.write_text('nat = "one"\n# dns_hostnames = false\n')
    assert platform_stack(load(with_qa, "qa"), with_qa).name == "platform"
    file.write_text('nat = "one"\ndns_hostnames = false # ten seconds less\n')
    with pytest.raises(ConfigError, match=r"qa\.tfvars: dns_hostnames"):
        platform_stack(load(with_qa, "qa"), with_qa)


def test_another_environment_changes_no_other(with_qa: Checkout) -> None:
    """What is applied in prod is what was applied there before."""
    before, after = (prod_hash(checkout) for checkout in (Checkout(ROOT), with_qa))
    assert before == after


def prod_hash(checkout: Checkout) -> str:
    """What decides whether the sample's stack is applied again in prod."""
    settings = load(checkout, "prod")
    return service_stack(settings, settings.services["greeter"], IMAGE, checkout).inputs_hash()


def test_no_environment_is_known_by_name() -> None:
    """HCL goes by variables: a list of names in it would be a second place to change."""
    known = "|".join(load(Checkout(ROOT), "local").environments)
    named = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in (ROOT / "infra").rglob("*.tf")
        for line in file.read_text().splitlines()
        if re.search(rf'"({known})"', line) and not re.match(r"(resource|data|module) ", line)
    ]
    assert named == []


def test_everything_of_a_service_reaches_terraform() -> None:
    """Each field of a service is in the variable, but what only the engine acts upon."""
    engine_only = {"folder", "python", "needs", "smoke"}
    wanted = {field.name for field in fields(Service)} - engine_only
    assert service_variable(make_service()).keys() == wanted


def test_tables_of_a_service_reach_terraform_in_full() -> None:
    """Nested tables, tables by name and lists arrive as HCL declares them."""
    value: Any = service_variable(
        make_service(
            deploy={"strategy": "canary", "shift": {"percent": 5, "minutes": 10}},
            database={"enabled": True, "migrate": ["python", "-m", "greeter.migrate"]},
            cache={"enabled": True},
            buckets={"uploads": {"replicate": True}},
            secrets=["STRIPE_KEY"],
        )
    )
    assert value["deploy"]["shift"] == {"percent": 5, "minutes": 10}
    assert value["alarms"] == {"cpu": 80, "memory": 90, "errors": 1.0, "latency": 1.0}
    assert value["database"]["enabled"] is True
    assert list(value["database"]["migrate"]) == ["python", "-m", "greeter.migrate"]
    assert value["cache"] == {"enabled": True}
    assert value["buckets"] == {"uploads": {"replicate": True}}
    assert value["secrets"] == ["STRIPE_KEY"]
