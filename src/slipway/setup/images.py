"""The base images of the services: in the engine, else pulled, else built from Debian's archive."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

from slipway import tools
from slipway.command import command
from slipway.errors import CommandFailed, ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup import engine, packages
from slipway.setup.step import Finding, Step

FIRST = "see to the Docker engine first"


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="base images",
        look=lambda: look(checkout, runner),
        mend=lambda: mend(checkout, runner),
    )


def look(checkout: Checkout, runner: Runner) -> Finding:
    """Which of them the engine has."""
    names = needed(checkout)
    if engine.ask(runner).code != 0:
        return Finding(ok=False, found="no Docker engine to look into", remedy=FIRST)
    absent = missing(names, runner)
    if not absent:
        return Finding(ok=True, found=", ".join(names) or "none needed")
    would = f"pull {', '.join(absent)}, or build from Debian's archive what can't be pulled"
    return Finding(ok=False, found=f"{', '.join(absent)} missing", would=would)


def mend(checkout: Checkout, runner: Runner) -> None:
    """Get each missing image into the engine."""
    for name in missing(needed(checkout), runner):
        _get(name, runner)


def needed(checkout: Checkout) -> list[str]:
    """What the services' Dockerfiles start from, in any environment."""
    return list(dict.fromkeys(_named(checkout)))


def missing(names: list[str], runner: Runner) -> list[str]:
    """Those that the engine does not have, or has as an earlier checkout built them."""
    return [name for name in names if not _is_there(name, runner)]


def _named(checkout: Checkout) -> Iterator[str]:
    from slipway.config import load
    from slipway.images.plan import base_images, build_args

    environments = tomllib.loads(checkout.config.read_text()).get("environments", {})
    for environment in environments:
        for service in load(checkout, environment).services.values():
            dockerfile = service.folder / "Dockerfile"
            if dockerfile.is_file():
                yield from base_images(dockerfile.read_text(), build_args(service))


def _is_there(name: str, runner: Runner) -> bool:
    from slipway.setup import base_image

    asked = ("image", "inspect", "--format", "{{json .Config.Labels}}", name)
    told = runner.run(command(_docker(), *asked, env=tools.child_env()), check=False)
    labels = json.loads(told.stdout.strip() or "null") or {}
    return told.code == 0 and not base_image.outdated(labels)


def _get(name: str, runner: Runner) -> None:
    from slipway.setup import base_image

    try:
        runner.run(command(_docker(), "pull", name, env=tools.child_env(), mutates=True))
    except CommandFailed as error:
        said = error.output.strip().splitlines()[-1:] or ["no reason given"]
        if not base_image.can_build(name):
            raise ToolError(
                f"{name}: can't be pulled: {said[0]}", next_step=f"docker pull {name}"
            ) from error
        if not tools.executables("mmdebstrap"):
            packages.install(base_image.PACKAGES, runner)
        base_image.build_from_debian(name, runner)


def _docker() -> str:
    found = tools.executables("docker")
    return str(found[0]) if found else "docker"
