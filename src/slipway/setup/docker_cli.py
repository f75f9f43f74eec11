"""A docker command line that can build with BuildKit."""

from __future__ import annotations

from slipway import tools
from slipway.errors import ToolError
from slipway.runner import Runner
from slipway.setup import packages
from slipway.setup.engine import PACKAGES
from slipway.setup.step import Finding, Step

WITH_BUILDKIT = (("docker-buildx-plugin",), ("docker-buildx",), PACKAGES)
"""From Docker's own archive, from newer releases, and in docker.io itself in older ones."""


def step(runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="docker command line",
        look=lambda: look(runner),
        mend=lambda: packages.install_one_of(WITH_BUILDKIT, runner),
    )


def look(runner: Runner) -> Finding:
    """The one that builds will use, or what to install."""
    if not tools.executables("docker"):
        return Finding(ok=False, found="not found", remedy="see to the Docker engine first")
    try:
        cli = tools.docker_cli(runner)
    except ToolError as error:
        can = packages.is_debian() and packages.rights(runner) != "none"
        would = "install what docker needs to build with BuildKit" if can else ""
        return Finding(ok=False, found=error.message, remedy=error.next_step, would=would)
    kind = "buildx" if cli.buildx else "BuildKit built in"
    return Finding(ok=True, found=f"{cli.path} ({kind})")
