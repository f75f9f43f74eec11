"""Stacks: where each lies, what it is given, and what makes it run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.config import Environment
from slipway.errors import ConfigError
from slipway.infra.stacks import (
    Stack,
    module_folders,
    platform_stack,
    registry_stack,
    service_stack,
    service_variable,
)
from slipway.paths import Checkout

from .conftest import environment, service, settings, write

IMAGE = "registry/shop/greeter@sha256:" + "0" * 64


def _service_stack(checkout: Checkout, image: str = IMAGE) -> Stack:
    return service_stack(settings(), service(), image, checkout)


def test_each_stack_has_its_own_state_and_data_folder(checkout: Checkout) -> None:
    """No two stacks of an environment share a state or Terraform's folder."""
    stacks = [
        registry_stack(settings(), checkout),
        platform_stack(settings(), checkout),
        _service_stack(checkout),
        service_stack(settings(), service("payments"), IMAGE, checkout),
    ]
    assert [stack.state_path for stack in stacks] == [
        "env:/dev/registry.tfstate",
        "env:/dev/platform.tfstate",
        "env:/dev/service/greeter.tfstate",
        "env:/dev/service/payments.tfstate",
    ]
    assert len({stack.data_dir for stack in stacks}) == len(stacks)
    assert {stack.backend.bucket for stack in stacks} == {"shop-state-123456789012-us-west-1"}


def test_every_stack_knows_where_it_is(checkout: Checkout) -> None:
    """The variables that all stacks declare come from the environment."""
    owned = settings(owner="team", environments={"dev": environment("dev", protected=True)})
    assert registry_stack(owned, checkout).variables == {
        "environment": "dev",
        "project": "shop",
        "owner": "team",
        "region": "us-west-1",
        "protected": True,
        "services": ["greeter", "payments"],
    }


def test_registry_lists_all_services_whatever_is_chosen(checkout: Checkout) -> None:
    """Deploying one service must not destroy the repositories of the others."""
    chosen = replace(settings(), services={"payments": service("payments")})
    assert registry_stack(chosen, checkout).variables["services"] == ["greeter", "payments"]


def test_registry_is_that_of_the_environment_which_holds_the_images(checkout: Checkout) -> None:
    """Staging that uses production's registry plans in production's workspace."""
    known: dict[str, Environment] = {
        "dev": environment("dev", registry="prod"),
        "prod": environment("prod", protected=True),
    }
    stack = registry_stack(settings(environments=known), checkout)
    assert stack.environment == stack.variables["environment"] == "prod"
    assert stack.variables["protected"] is True


def test_registry_has_a_file_where_an_account_needs_one(checkout: Checkout) -> None:
    """What there is once per account is said beside the environment that holds the registry."""
    file = checkout.infra / "environments/dev.registry.tfvars"
    write(file, "github_oidc_provider = true")
    assert registry_stack(settings(), checkout).var_files == (file,)
    file.unlink()
    assert registry_stack(settings(), checkout).var_files == ()


def test_platform_needs_its_file(checkout: Checkout) -> None:
    """Without sizes for the environment, the message names the file and what to copy."""
    unsized = settings("test")
    with pytest.raises(ConfigError) as caught:
        platform_stack(unsized, checkout)
    assert caught.value.message == "infra/environments/test.tfvars: missing"
    assert "infra/environments/local.tfvars" in caught.value.next_step


def test_manifest_reaches_terraform_without_the_engines_own_keys() -> None:
    """The object is what `infra/service/variables.tf` declares, no more."""
    value = service_variable(service(env={"GREETING": "Hello"}))
    deploy = value["deploy"]
    assert isinstance(deploy, dict)
    assert deploy["strategy"] == "rolling"
    assert not deploy.keys() & {"timeout", "bake", "hooks"}
    assert value["env"] == {"GREETING": "Hello"}
    assert not value.keys() & {"folder", "python", "needs", "smoke"}


def test_a_new_image_is_no_change_of_the_infrastructure(checkout: Checkout) -> None:
    """The hash does not see the image."""
    other = IMAGE.replace("0", "1")
    assert (
        _service_stack(checkout).inputs_hash()
        == _service_stack(checkout, image=other).inputs_hash()
    )


@pytest.mark.parametrize(
    "file",
    [
        "infra/service/main.tf",
        "infra/service/extra.tf",
        "infra/service/policy.json",
        "infra/service/.terraform.lock.hcl",
        "infra/modules/logs/main.tf",
    ],
)
def test_files_that_make_a_stack_run_again(checkout: Checkout, file: str) -> None:
    """HCL of the stack and its modules, files beside it and the lock file count."""
    before = _service_stack(checkout).inputs_hash()
    path = checkout.root / file
    write(path, (path.read_text() if path.exists() else "") + "# changed\n")
    assert _service_stack(checkout).inputs_hash() != before


@pytest.mark.parametrize(
    "file",
    [
        "infra/modules/other/main.tf",
        "infra/service/service.tftest.hcl",
        "infra/service/README.md",
        "infra/service/tests/setup/main.tf",
        "infra/service/.terraform/modules/modules.json",
        "infra/environments/dev.tfvars",
    ],
)
def test_files_that_do_not(checkout: Checkout, file: str) -> None:
    """Modules that nobody calls, tests, explanations and leftovers don't count."""
    before = _service_stack(checkout).inputs_hash()
    write(checkout.root / file, "# changed\n")
    assert _service_stack(checkout).inputs_hash() == before


def test_the_platforms_sizes_count(checkout: Checkout) -> None:
    """The environment's tfvars make the platform run again."""
    before = platform_stack(settings(), checkout).inputs_hash()
    write(checkout.infra / "environments/dev.tfvars", "zones = 3\n")
    assert platform_stack(settings(), checkout).inputs_hash() != before


def test_manifest_counts(checkout: Checkout) -> None:
    """Another value in the manifest makes the service's stack run again."""
    bigger = service_stack(settings(), service(cpu=512, memory=1024), IMAGE, checkout)
    assert bigger.inputs_hash() != _service_stack(checkout).inputs_hash()


def test_the_same_files_elsewhere_hash_alike(checkout: Checkout, tmp_path: Path) -> None:
    """A colleague's checkout, in another folder, has the same hash."""
    import shutil

    elsewhere = tmp_path / "elsewhere"
    for name in ("infra", "services"):
        shutil.copytree(checkout.root / name, elsewhere / name)
    there = _service_stack(Checkout(elsewhere))
    assert there.inputs_hash() == _service_stack(checkout).inputs_hash()


def test_modules_are_followed_through_modules(checkout: Checkout) -> None:
    """A module called by a module counts; one that does not exist is left to Terraform."""
    write(
        checkout.infra / "modules/logs/main.tf",
        'module "deep" {\n  source = "../other"\n}\nmodule "gone" {\n  source = "./gone"\n}\n',
    )
    found = {folder.name for folder in module_folders(checkout.infra / "service")}
    assert found == {"service", "logs", "other"}


def test_another_contract_makes_the_service_run_again(checkout: Checkout) -> None:
    """What the platform gives counts among the inputs, though it is no variable."""
    before = _service_stack(checkout)
    given = service_stack(settings(), service(), IMAGE, checkout, contract='{"vpc_id": "vpc-2"}')
    assert given.inputs_hash() != before.inputs_hash()
    assert given.variables == before.variables
