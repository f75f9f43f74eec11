"""The embedded AWS's own environment, apart from ours because it pins botocore."""

from __future__ import annotations

from slipway import tools
from slipway.command import Command, command
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup.step import Finding, Step


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="embedded AWS",
        look=lambda: look(checkout, runner),
        mend=lambda: mend(checkout, runner),
    )


def look(checkout: Checkout, runner: Runner) -> Finding:
    """Whether its environment holds exactly what its lock file says."""
    project = checkout.shown(checkout.embedded_project)
    if runner.run(_sync(checkout, "--check"), check=False).code == 0:
        return Finding(ok=True, found=f"ready in {project}/.venv")
    would = f"run uv sync --project {project} --frozen"
    return Finding(ok=False, found="its packages are missing or out of date", would=would)


def mend(checkout: Checkout, runner: Runner) -> None:
    """Install what the lock file says."""
    runner.run(_sync(checkout, mutates=True))


def _sync(checkout: Checkout, *options: str, mutates: bool = False) -> Command:
    # Variables by which uv would fill another environment than the project's own.
    env = {**tools.child_env(), "UV_PROJECT_ENVIRONMENT": None, "VIRTUAL_ENV": None}
    argv = ("sync", "--project", str(checkout.embedded_project), "--frozen", *options)
    return command(tools.uv(), *argv, env=env, cwd=checkout.root, mutates=mutates)
