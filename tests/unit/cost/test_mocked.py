"""Getting the resources of a stack out of `terraform test`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway import tools
from slipway.command import Command
from slipway.config import load
from slipway.cost.inventory import Inventory
from slipway.cost.mocked import literal, states, written_test
from slipway.cost.resources import resources
from slipway.errors import InfraError, ToolError
from slipway.infra.stacks import Stack, platform_stack
from slipway.paths import Checkout
from slipway.runner import Result
from slipway.testing import FakeRunner, printed

TERRAFORM = "/opt/terraform"

SLIPWAY_TOML = """\
[project]
name = "shop"

[environments.dev]
target = "aws"
account_id = "111111111111"

[environments.test]
target = "aws"
account_id = "111111111111"
registry = "dev"
"""

SERVICE_TOML = """\
name = "{0}"

[route]
path = "/{0}"
priority = {1}

[env]
PRICE = "${{5}}"
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with two services and hardly any HCL; a Terraform that is there."""
    monkeypatch.setattr(tools, "terraform", lambda *_: Path(TERRAFORM))
    place = Checkout(tmp_path)
    place.config.write_text(SLIPWAY_TOML)
    for number, name in enumerate(("orders", "stock"), start=1):
        folder = place.services / name
        folder.mkdir(parents=True)
        (folder / "service.toml").write_text(SERVICE_TOML.format(name, number))
    for stack in ("platform", "registry", "service"):
        (place.infra / stack).mkdir(parents=True)
        (place.infra / stack / "main.tf").write_text("# nothing\n")
        (place.infra / stack / "other.tftest.hcl").write_text("# about something else\n")
    (place.infra / "environments").mkdir()
    for name in ("dev", "test"):
        (place.infra / "environments" / f"{name}.tfvars").write_text("zones = 2\n")
    (place.infra / "tests").mkdir()
    (place.infra / "tests" / "aws.tfmock.hcl").write_text("# ids\n")
    return place


class Terraform:
    """Answers `terraform test` with one bucket for each run of the test file; keeps those files."""

    def __init__(self, *, code: int = 0, output: str = "") -> None:
        self.code, self.output = code, output
        self.tests: list[Mapping[str, Any]] = []
        self.seen: list[Command] = []

    def __call__(self, command: Command) -> Result:
        assert command.cwd
        assert not list(command.cwd.glob("*.tftest.hcl"))
        test = json.loads((command.cwd / "cost.tftest.json").read_text())
        self.tests.append(test)
        self.seen.append(command)
        if self.code:
            return printed(self.output, code=self.code)
        return printed("\n".join(state(run) for run in test["run"]))

    def runner(self) -> FakeRunner:
        return FakeRunner().on(f"{TERRAFORM} init").on(f"{TERRAFORM} test", self)


def state(run: str) -> str:
    """What a run with `-json -verbose` prints of its state."""
    bucket = {"address": f"{run}.bucket", "mode": "managed", "type": "aws_s3_bucket", "values": {}}
    data = {"address": "data.here", "mode": "data", "type": "aws_region", "values": {}}
    return json.dumps(
        {
            "type": "test_state",
            "@testrun": run,
            "test_state": {
                "root_module": {"child_modules": [{"resources": [bucket, data]}]},
                "outputs": {"contract": {"value": '{"vpc_id": "vpc-1"}'}},
            },
        },
        separators=(",", ":"),
    )


def inventory(checkout: Checkout, terraform: Terraform, environment: str = "dev") -> Inventory:
    settings = load(checkout, environment, environ={})
    return Inventory(checkout=checkout, settings=settings, runner=terraform.runner())


def platform(checkout: Checkout) -> Stack:
    return platform_stack(load(checkout, "dev", environ={}), checkout)


def test_finds_all_stacks_of_an_environment(checkout: Checkout) -> None:
    """Platform, registry and every service, each by its own name."""
    found = inventory(checkout, Terraform()).resources()
    assert [(each.stack, each.address) for each in found] == [
        ("platform", "run-platform.bucket"),
        ("registry", "run-registry.bucket"),
        ("service orders", "run-orders.bucket"),
        ("service stock", "run-stock.bucket"),
    ]


def test_leaves_a_registry_to_the_environment_that_holds_it(checkout: Checkout) -> None:
    """Images that another environment holds are in its estimate."""
    found = inventory(checkout, Terraform(), "test").resources()
    assert "registry" not in {each.stack for each in found}


def test_services_share_a_process_and_get_the_platforms_word(checkout: Checkout) -> None:
    """One test for both services, each told what the platform gave out."""
    terraform = Terraform()
    inventory(checkout, terraform).resources()
    runs = terraform.tests[-1]["run"]
    assert list(runs) == ["run-orders", "run-stock"]
    assert runs["run-orders"]["override_data"] == [
        {
            "target": "data.aws_ssm_parameter.platform",
            "values": {"insecure_value": '{"vpc_id": "vpc-1"}'},
        }
    ]


def test_runs_in_the_environments_workspace_without_a_backend(checkout: Checkout) -> None:
    """The stacks refuse another workspace, and no state is looked at."""
    terraform = Terraform()
    place = inventory(checkout, terraform)
    place.resources()
    assert {command.env["TF_WORKSPACE"] for command in terraform.seen} == {"dev"}
    runner = place.runner
    assert isinstance(runner, FakeRunner)
    inits = [command for command in runner.ran if "init" in command.argv]
    assert all("-backend=false" in command.argv for command in inits)
    assert not any(command.mutates for command in runner.ran)


def test_asks_terraform_once_for_the_same_inputs(checkout: Checkout) -> None:
    """A second estimate starts nothing; another manifest costs one test, of that service alone."""
    inventory(checkout, Terraform()).resources()
    again = Terraform()
    assert len(inventory(checkout, again).resources()) == 4
    assert not again.tests
    manifest = checkout.services / "stock" / "service.toml"
    manifest.write_text("cpu = 512\nmemory = 1024\n" + manifest.read_text())
    inventory(checkout, again).resources()
    assert [list(test["run"]) for test in again.tests] == [["run-stock"]]


def test_other_mocks_are_other_inputs(checkout: Checkout) -> None:
    """The answers of the mocked provider decide as well, so they make every stack anew."""
    inventory(checkout, Terraform()).resources()
    (checkout.infra / "tests" / "aws.tfmock.hcl").write_text("# other ids\n")
    again = Terraform()
    inventory(checkout, again).resources()
    assert len(again.tests) == 3


def test_keeps_one_file_for_each_stack(checkout: Checkout) -> None:
    """What was kept for other inputs goes, and so does the place that the test ran in."""
    inventory(checkout, Terraform()).resources()
    (checkout.infra / "platform" / "main.tf").write_text("# changed\n")
    inventory(checkout, Terraform()).resources()
    names = sorted(file.name.rpartition("-")[0] for file in (checkout.work / "cost").iterdir())
    assert names == ["dev-platform", "dev-registry", "dev-service-orders", "dev-service-stock"]


def test_a_refused_variable_is_one_error(checkout: Checkout) -> None:
    """What Terraform says of a variable reaches the user, and nothing is kept."""
    diagnostic = {"severity": "error", "summary": "Invalid value", "detail": "zones: 2 or 3"}
    output = json.dumps({"type": "diagnostic", "diagnostic": diagnostic})
    with pytest.raises(InfraError, match="zones: 2 or 3"):
        inventory(checkout, Terraform(code=1, output=output)).resources()
    assert not list((checkout.work / "cost").glob("*.json"))


def test_a_missing_provider_leads_to_setup(checkout: Checkout) -> None:
    """Without a provider the next step is `setup`."""
    output = "Failed to query available provider packages"
    place = inventory(checkout, Terraform(code=1, output=output))
    with pytest.raises(ToolError) as caught:
        place.resources()
    assert caught.value.next_step == "uv run invoke setup"


def test_texts_are_taken_literally(checkout: Checkout) -> None:
    """Values that look like templates of Terraform are none."""
    assert literal({"a": ["${5}", "%{if}", 1, True, None]}) == {
        "a": ["$${5}", "%%{if}", 1, True, None]
    }
    terraform = Terraform()
    inventory(checkout, terraform).resources()
    service = terraform.tests[-1]["run"]["run-orders"]["variables"]["service"]
    assert service["env"] == {"PRICE": "$${5}"}


def test_a_stack_without_a_contract_overrides_nothing(checkout: Checkout) -> None:
    """The platform reads nothing of another stack."""
    run = written_test([platform(checkout)])["run"]["run-platform"]
    assert list(run) == ["variables"]


def test_every_provider_of_a_stack_is_mocked(checkout: Checkout) -> None:
    """A provider with an alias is another one to Terraform, which would ask AWS for it."""
    file = checkout.infra / "platform" / "providers.tf"
    blocks = (
        'provider "aws" {\n  region = var.region\n}\n',
        'provider "aws" {\n  alias  = "far"\n}\n',
    )
    file.write_text("\n".join(blocks))
    assert written_test([platform(checkout)])["mock_provider"] == {
        "aws": [{"source": "../tests"}, {"alias": "far", "source": "../tests"}]
    }


def test_no_key_of_the_shell_gets_in(checkout: Checkout) -> None:
    """Even a provider that nobody mocked could reach no account."""
    terraform = Terraform()
    inventory(checkout, terraform).resources()
    env = terraform.seen[0].env
    assert env["AWS_ACCESS_KEY_ID"] is None
    assert env["AWS_PROFILE"] is None
    assert env["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_other_messages_are_passed_over() -> None:
    """Only states count among what a test prints."""
    assert states(['{"type":"version"}', "no JSON at all", state("run-a")]).keys() == {"run-a"}


@pytest.mark.parametrize("key", ["planned_values", "values"])
def test_reads_plans_and_states(key: str) -> None:
    """`terraform show -json` of a plan and of a state hold resources in the same shape."""
    inner = {"address": "module.a.aws_eip.b", "mode": "managed", "type": "aws_eip", "values": {}}
    document = {key: {"root_module": {"child_modules": [{"resources": [inner]}]}}}
    assert [each.address for each in resources(document)] == ["module.a.aws_eip.b"]
