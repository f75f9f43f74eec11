"""A stack as it is after an apply, by Terraform itself, without an account or a state.

`terraform test` with a mocked provider applies a stack in memory: the same HCL, variables and
manifests as a deploy, with invented ids. Nothing has to exist for it, no lock is taken, and AWS is
not asked for anything.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slipway import tools
from slipway.command import Command, command
from slipway.cost.resources import Resource, resources
from slipway.errors import InfraError
from slipway.infra import failures
from slipway.infra.prepare import run_folder
from slipway.infra.stacks import Stack
from slipway.infra.terraform import environment
from slipway.paths import Checkout
from slipway.runner import Runner

TEST = "cost.tftest.json"
MOCKS = "../tests"
"""Where the answers of the mocked provider lie, seen from a stack."""

_ALIAS = re.compile(r'^provider "aws" \{[^}]*?^\s*alias\s*=\s*"(\w+)"', re.MULTILINE)

NOBODY: Mapping[str, str | None] = {
    "AWS_ACCESS_KEY_ID": None,
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PROFILE": None,
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""No keys at all: a provider that is not mocked by mistake reaches no account."""

CONTRACT = "data.aws_ssm_parameter.platform"
"""Where a service stack reads what the platform tells."""


@dataclass(frozen=True, kw_only=True)
class Mocked:
    """What a stack holds once applied; `contract` is the platform's word to its services."""

    resources: Sequence[Resource]
    contract: str = ""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A copy of `infra/` to run tests in, and what that needs."""

    infra: Path
    binary: Path
    env: Mapping[str, str | None]
    runner: Runner


@contextmanager
def bench(checkout: Checkout, stack: Stack, runner: Runner) -> Iterator[Bench]:
    """A place to test `stack` in, gone afterwards: tests have to lie beside what they test."""
    home = checkout.work / "cost"
    home.mkdir(parents=True, exist_ok=True)
    cli_config = tools.cli_config_path(checkout)
    with run_folder(replace(stack, data_dir=home)) as folder:
        infra = folder / "infra"
        shutil.copytree(checkout.infra, infra, ignore=_ignored)
        known = cli_config if cli_config.is_file() else None
        yield Bench(
            infra=infra,
            binary=tools.terraform(checkout, runner),
            env={**tools.child_env(), **NOBODY, **environment(folder / "data", cli_config=known)},
            runner=runner,
        )


def applied(stacks: Sequence[Stack], place: Bench) -> list[Mocked]:
    """These stacks of one folder as they are after an apply, which happens in memory alone.

    Raises what `failures.explain` makes of Terraform's errors: variables that a stack refuses, a
    provider that is missing.
    """
    first = stacks[0]
    folder = place.infra / first.name
    (folder / TEST).write_text(json.dumps(written_test(stacks), indent=2))
    _run(_init(folder, place), first, place, "init")
    found = states(_run(_test(folder, first, place), first, place, "cost").splitlines())
    missing = [stack.label for stack in stacks if _key(stack) not in found]
    if missing:
        raise InfraError(f"terraform test said nothing of {', '.join(missing)}")
    return [_mocked(found[_key(stack)], stack) for stack in stacks]


def written_test(stacks: Sequence[Stack]) -> dict[str, Any]:
    """A test without an assertion that applies each stack with its variables."""
    return {
        "mock_provider": {"aws": providers(stacks[0].folder)},
        "run": {_key(stack): _apply(stack) for stack in stacks},
    }


def providers(folder: Path) -> list[dict[str, str]]:
    """A mock for each provider of the stack in `folder`, the one without an alias first."""
    files = sorted(folder.glob("*.tf"))
    aliases = [alias for file in files for alias in _ALIAS.findall(file.read_text())]
    return [{"source": MOCKS}, *({"alias": alias, "source": MOCKS} for alias in aliases)]


def states(lines: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The state after each run, by the run's name, from what `terraform test -json` printed."""
    found = {}
    for line in lines:
        if '"type":"test_state"' in line:
            message = json.loads(line)
            found[message["@testrun"]] = message["test_state"]
    return found


def _apply(stack: Stack) -> dict[str, Any]:
    run: dict[str, Any] = {"variables": literal(dict(stack.variables))}
    if stack.contract:
        values = {"insecure_value": literal(stack.contract)}
        run["override_data"] = [{"target": CONTRACT, "values": values}]
    return run


def literal(value: Any) -> Any:
    """`value` as Terraform's JSON takes it literally: there, every text is a template."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {literal(key): literal(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [literal(each) for each in value]
    return value


def _mocked(state: Mapping[str, Any], stack: Stack) -> Mocked:
    outputs = state.get("outputs") or {}
    return Mocked(
        resources=resources(state, stack.label),
        contract=outputs.get("contract", {}).get("value", ""),
    )


def _init(folder: Path, place: Bench) -> Command:
    options = ("-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    return command(place.binary, "init", *options, env=place.env, cwd=folder)


def _test(folder: Path, stack: Stack, place: Bench) -> Command:
    files = [f"-var-file={file}" for file in stack.var_files]
    # The stacks refuse to run in a workspace that is not their environment's.
    env = {**place.env, "TF_WORKSPACE": stack.environment}
    options = ("-json", "-verbose", f"-filter={TEST}")
    return command(place.binary, "test", *options, *files, env=env, cwd=folder)


def _run(what: Command, stack: Stack, place: Bench, doing: str) -> str:
    result = place.runner.run(what, check=False)
    if result.code != 0:
        raise failures.explain(result.output, stack, doing)
    return result.stdout


def _key(stack: Stack) -> str:
    """A run's name; no run may be called like another."""
    return f"run-{stack.service or stack.name}"


def _ignored(folder: str, names: list[str]) -> set[str]:  # noqa: ARG001
    """Terraform's own folders, and tests that are about something else."""
    return {name for name in names if name == ".terraform" or name.endswith(".tftest.hcl")}
