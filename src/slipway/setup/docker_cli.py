"""A docker command line that can build with BuildKit."""

from __future__ import annotations

from slipway import tools
from slipway.errors import ToolError
from slipway.runner import Runner
from slipway.setup import packages
from slipway.setup.engine import PACKAGES, SEPARATE_PACKAGES
from slipway.setup.step import Finding, Step


def step(runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="docker command line",
        look=lambda: look(runner),
        mend=lambda: packages.install(PACKAGES, runner, if_known=SEPARATE_PACKAGES),
    )


def look(runner: Runner) -> Finding:
    """The one that builds will use, or what to install."""
    try:
        cli = tools.docker_cli(runner)
    except ToolError as error:
        can = packages.is_debian() and packages.rights(runner) != "none"
        would = "install docker.io with its BuildKit" if can else ""
        found = error.message.removeprefix("docker: ")
        return Finding(ok=False, found=found, remedy=error.next_step, would=would)
    kind = "buildx" if cli.buildx else "BuildKit built in"
    return Finding(ok=True, found=f"{cli.path} ({kind})")
