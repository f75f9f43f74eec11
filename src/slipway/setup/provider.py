"""Terraform's AWS provider: one unpacked copy on this machine, linked by every stack."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway import tools
from slipway.command import Command, command
from slipway.errors import CommandFailed, ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup.step import Finding, Step

VERSION = "5.100.0"
"""Where no lock file names another."""

HURRY = {"TF_REGISTRY_CLIENT_TIMEOUT": "10", "TF_REGISTRY_DISCOVERY_RETRY": "1"}
"""An unreachable registry is given up after 11 s."""


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="AWS provider", look=lambda: look(checkout), mend=lambda: mend(checkout, runner)
    )


def look(checkout: Checkout) -> Finding:
    """Where the provider is, and whether Terraform will be told so."""
    version = tools.provider_version(checkout) or VERSION
    mirror = tools.provider_mirror(checkout)
    if mirror is None:
        would = f"download {version} to {checkout.shown(tools.plugins(checkout))}"
        return Finding(ok=False, found="not found", remedy=BY_HAND, would=would)
    if not _is_told(checkout):
        would = f"name {mirror} in {checkout.shown(tools.cli_config_path(checkout))}"
        return Finding(ok=False, found=f"{version} in {mirror}, unknown to Terraform", would=would)
    return Finding(ok=True, found=f"{version} in {checkout.shown(mirror)}")


def mend(checkout: Checkout, runner: Runner) -> None:
    """Download the provider where no mirror has it, and tell Terraform where it is."""
    if tools.provider_mirror(checkout) is None:
        download(checkout, runner)
    path = tools.cli_config_path(checkout)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(tools.cli_config(checkout))
    fresh.replace(path)


def download(checkout: Checkout, runner: Runner) -> None:
    """Let Terraform fetch and verify the provider once, as the user's own configuration says."""
    terraform = _terraform(checkout, runner)
    version = tools.provider_version(checkout) or VERSION
    with TemporaryDirectory(dir=checkout.work) as folder:
        scratch = Path(folder)
        (scratch / "main.tf").write_text(requirement(version))
        for lock in sorted(checkout.infra.glob("*/.terraform.lock.hcl"))[:1]:
            shutil.copy(lock, scratch)
        try:
            runner.run(_init(terraform, scratch))
        except CommandFailed as error:
            raise ToolError(
                f"AWS provider {version}: {_reason(error)}", next_step=BY_HAND
            ) from error
        _keep(scratch / "data" / "providers", tools.plugins(checkout), version)


BY_HAND = (
    "give this machine a way to registry.terraform.io, or copy a mirror made elsewhere by "
    "`terraform providers mirror` (unpacked: VERSION/OS_ARCH/ folders) to ~/.terraform.d/plugins"
)


def _is_told(checkout: Checkout) -> bool:
    path = tools.cli_config_path(checkout)
    return path.is_file() and path.read_text() == tools.cli_config(checkout)


def requirement(version: str) -> str:
    """HCL that needs this provider and nothing else."""
    return (
        "terraform {\n  required_providers {\n    aws = {\n"
        f'      source  = "hashicorp/aws"\n      version = "{version}"\n'
        "    }\n  }\n}\n"
    )


def _init(terraform: Path, folder: Path) -> Command:
    env = {**tools.child_env(), **HURRY, "TF_DATA_DIR": str(folder / "data")}
    env |= {"CHECKPOINT_DISABLE": "1", "TF_PLUGIN_CACHE_DIR": None, "TF_WORKSPACE": None}
    argv = (terraform, "init", "-backend=false", "-input=false", "-no-color")
    return command(*argv, env=env, cwd=folder, mutates=True)


def _terraform(checkout: Checkout, runner: Runner) -> Path:
    try:
        return tools.terraform(checkout, runner)
    except ToolError as error:
        raise ToolError(error.message, next_step="see to Terraform first") from error


def _reason(error: CommandFailed) -> str:
    """Terraform's own words on what went wrong, without their frame and their advice."""
    _, _, reason = error.output.partition("Error: ")
    paragraphs = (reason or error.output).strip().split("\n\n")[:2]
    return ": ".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _keep(downloaded: Path, mirror: Path, version: str) -> None:
    """Move the provider's folder into the mirror; whole, or not at all."""
    target = mirror / tools.PROVIDER / version
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        # Not this kind of machine, or `look` would have been content with it.
        shutil.rmtree(target)
    (downloaded / tools.PROVIDER / version).rename(target)
