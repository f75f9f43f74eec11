"""The deploys of a rehearsal: the same steps as every deploy's, on the stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from slipway import local, secrets, signals
from slipway.aws import Aws, calls, connect
from slipway.config import Service, Settings, load, local_values
from slipway.console import Console
from slipway.engine import DockerEngine
from slipway.errors import DeployError
from slipway.paths import Checkout
from slipway.rehearse.retarget import DUMMY, retarget
from slipway.release.deploy import deploy
from slipway.release.progress import Options, Progress
from slipway.release.world import (
    Built,
    ImageSource,
    World,
    built,
    make_site,
    make_world,
    workbench,
)

if TYPE_CHECKING:
    from slipway.cli.app import App

OPTIONS = Options(on_interrupt="detach")
"""Nobody has to wait for a way back: what is left behind is thrown away."""


def settings_of(
    checkout: Checkout, environment: str, services: tuple[str, ...], port: int
) -> Settings:
    """The settings of the environment as the stage has them."""
    return retarget(load(checkout, environment, services), port)


def world_of(
    app: App, settings: Settings, checkout: Checkout, console: Console, clock: float
) -> World:
    """Everything for a deploy on the stage, whose embedded AWS is started if need be."""
    engine = DockerEngine()
    signals.register(engine.interrupt)
    engine.ping()
    endpoint = local.up(checkout, settings.local, app.runner, console)
    aws = connect(settings.environment, endpoint=endpoint)
    site = replace(make_site(checkout, settings, console, aws), minute=clock)
    bench = workbench(app.runner, site, engine)
    return make_world(app, site, partial(built, settings, bench))


def fixed(images: Mapping[str, Built]) -> ImageSource:
    """Images that are there already."""

    def source(service: Service, repository: str) -> Built:  # noqa: ARG001
        return images[service.name]

    return source


def first(world: World) -> Progress:
    """The first deploy of an environment; what a person would be asked for is made up."""
    put_parameters(world.aws, world.settings)
    some = any(each.secrets for each in world.settings.services.values())
    try:
        progress = deploy(world, OPTIONS)
    except DeployError:
        # The entries of the secrets are made by that very deploy.
        if not (some and put_secrets(world.aws, world.settings)):
            raise
        world.console.line(f"secrets that had no value have {DUMMY!r} now; once more", indent=2)
        return deploy(world, OPTIONS)
    return deploy(world, OPTIONS) if put_secrets(world.aws, world.settings) else progress


def put_parameters(aws: Aws, settings: Settings) -> None:
    """Give every parameter that a service reads a value: that of its `local.env`, or a dummy."""
    wanted = {
        name: local_values(service).get(variable) or DUMMY
        for service in settings.services.values()
        for variable, name in service.parameters.items()
    }
    with calls("preparing the parameters of the rehearsal"):
        for name, value in sorted(wanted.items()):
            aws.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def put_secrets(aws: Aws, settings: Settings) -> bool:
    """Give every secret without one a value; whether there was any."""
    found = False
    for service in settings.services.values():
        for name in secrets.unset(aws, settings, service):
            found |= secrets.put(aws, settings, service.name, name, DUMMY)
    return found
