"""The versions of what a rehearsal ran with, for its report."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from slipway import tools
from slipway.command import command
from slipway.errors import SlipwayError

if TYPE_CHECKING:
    from slipway.cli.app import App


def versions(app: App) -> Mapping[str, str]:
    """Each tool with its version; what does not tell is left out."""
    found = {"slipway": _package("slipway"), "Python": platform.python_version()}
    try:
        terraform = tools.terraform(app.checkout, app.runner)
        number = tools.terraform_version(terraform, app.runner)
        found["Terraform"] = ".".join(map(str, number or ()))
        docker = command(
            tools.docker_cli(app.runner).path, "version", "--format={{.Server.Version}}"
        )
        found["Docker engine"] = app.runner.run(docker, check=False).stdout.strip()
    except SlipwayError:
        pass
    return {name: each for name, each in found.items() if each}


def busy() -> str:
    """That this machine has too much to do for its times to say anything, or ""."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    return f"this machine is busy: load {load:.0f} on {cores} cores" if load > 2 * cores else ""


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
