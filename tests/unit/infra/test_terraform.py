"""Terraform's command lines, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.command import Command
from slipway.infra.terraform import Backend, Terraform, environment

TF = Terraform(binary=Path("/bin/terraform"), folder=Path("infra/service"), env={"A": "1"})
BACKEND = Backend(bucket="b", key="service/x.tfstate", region="us-west-1", lock_table="locks")


@pytest.mark.parametrize(
    ("command", "words", "mutates"),
    [
        (
            TF.init(BACKEND),
            "init -input=false -no-color -reconfigure -lockfile=readonly "
            "-backend-config=bucket=b -backend-config=key=service/x.tfstate "
            "-backend-config=region=us-west-1 -backend-config=dynamodb_table=locks "
            "-backend-config=use_lockfile=true -backend-config=encrypt=true",
            False,
        ),
        (TF.select_workspace("dev"), "workspace select -no-color dev", False),
        (TF.new_workspace("dev"), "workspace new -no-color dev", True),
        (
            TF.plan(Path("p"), [Path("a.tfvars"), Path("b.json")], lock_timeout=5),
            "plan -input=false -json -detailed-exitcode -lock-timeout=5s -out=p "
            "-var-file=a.tfvars -var-file=b.json",
            False,
        ),
        (
            TF.plan(Path("p"), [], destroy=True),
            "plan -input=false -json -detailed-exitcode -lock-timeout=0s -destroy -out=p",
            False,
        ),
        (
            TF.plan(Path("p"), [], lock=False),
            "plan -input=false -json -detailed-exitcode -lock=false -out=p",
            False,
        ),
        (TF.show(Path("p")), "show -json p", False),
        (TF.apply(Path("p")), "apply -input=false -json -lock-timeout=0s p", True),
        (TF.pull(), "state pull", False),
    ],
)
def test_command_lines(command: Command, words: str, mutates: bool) -> None:
    """Each command line as Terraform gets it, in the stack's folder, with its environment."""
    assert str(command) == f"/bin/terraform {words}"
    assert command.mutates is mutates
    assert command.cwd == Path("infra/service")
    assert command.env == {"A": "1"}


def test_the_shells_workspace_and_cache_do_not_get_through() -> None:
    """What could send a run to another state, or make inits disturb each other, is removed."""
    env = environment(Path("/data"), cli_config=Path("/cli.tfrc"))
    assert env["TF_DATA_DIR"] == "/data"
    assert env["TF_CLI_CONFIG_FILE"] == "/cli.tfrc"
    removed = {name for name, value in env.items() if value is None}
    assert removed == {"TF_CLI_ARGS", "TF_LOG", "TF_PLUGIN_CACHE_DIR", "TF_WORKSPACE"}


def test_terraform_collects_garbage_rarely() -> None:
    """A third of a run's processor time is garbage that nobody waits for."""
    assert environment(Path("/data"), cli_config=None)["GOGC"] == "400"


def test_without_a_configuration_of_ours_the_users_own_counts() -> None:
    """Where setup has written none, `TF_CLI_CONFIG_FILE` is left as it is."""
    assert "TF_CLI_CONFIG_FILE" not in environment(Path("/data"), cli_config=None)
