"""What the embedded AWS's own image starts from, where it runs in a container: pulled, else built.

From Debian's archive it comes with HAProxy, because such an image has no apt to install it by.
"""

from __future__ import annotations

from slipway import tools
from slipway.command import command
from slipway.contained.image import BASE, PYTHON
from slipway.errors import CommandFailed
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup import base_image, engine, packages
from slipway.setup.images import FIRST, missing
from slipway.setup.step import Finding, Step


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="embedded AWS's base image",
        look=lambda: look(checkout, runner),
        mend=lambda: mend(runner),
    )


def look(checkout: Checkout, runner: Runner) -> Finding:
    """Whether it is needed, and the engine has it."""
    from slipway.config.load import load_local
    from slipway.contained.mode import mode

    if engine.ask(runner).code != 0:
        return Finding(ok=False, found="no Docker engine to look into", remedy=FIRST)
    if mode(load_local(checkout), runner) == "process":
        return Finding(ok=True, found="not needed: it runs as a process of this machine")
    if not missing([BASE], runner):
        return Finding(ok=True, found=BASE)
    public = base_image.base_image_name(PYTHON)
    would = f"pull {public}, or build it from Debian's archive"
    return Finding(ok=False, found=f"{BASE} missing", would=would)


def mend(runner: Runner) -> None:
    """Get it into the engine."""
    public, env = base_image.base_image_name(PYTHON), tools.child_env()
    docker = tools.executables("docker")[0]
    try:
        runner.run(command(docker, "pull", public, env=env, mutates=True))
    except CommandFailed:
        if not tools.executables("mmdebstrap"):
            packages.install(base_image.PACKAGES, runner)
        base_image.build_from_debian(public, runner, "haproxy", called=BASE)
    else:
        runner.run(command(docker, "tag", public, BASE, env=env, mutates=True))
