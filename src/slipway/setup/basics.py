"""What is there already when this code runs, and what a deploy can do without."""

from __future__ import annotations

import platform
import sys

from slipway import tools
from slipway.command import command
from slipway.errors import ToolError
from slipway.runner import Runner
from slipway.setup.step import Finding, Step

PYTHON_FROM = (3, 11)


def steps(runner: Runner) -> list[Step]:
    """The steps that only look."""
    return [Step(name="Python", look=python), Step(name="uv", look=lambda: uv(runner))]


def optional_steps() -> list[Step]:
    """The steps whose absence stops nothing."""
    return [Step(name="HAProxy", look=haproxy, required=False)]


def python() -> Finding:
    """The Python that runs us."""
    return Finding(
        ok=sys.version_info >= PYTHON_FROM,
        found=f"{platform.python_version()} at {sys.executable}",
        remedy="uv python install 3.11 && uv sync",
    )


def uv(runner: Runner) -> Finding:
    """The uv that runs us."""
    try:
        path = tools.uv()
    except ToolError as error:
        return Finding(ok=False, found="not found", remedy=error.next_step)
    said = runner.run(command(path, "--version", env=tools.child_env()), check=False).stdout
    version = tools.parse_version(said) or ()
    return Finding(ok=True, found=f"{'.'.join(map(str, version))} at {path}")


def haproxy() -> Finding:
    """The local load balancer's data plane; without it the built-in forwarder serves."""
    found = tools.executables("haproxy")
    serves = str(found[0]) if found else "not found, not needed (the built-in forwarder serves)"
    return Finding(ok=True, found=serves)
