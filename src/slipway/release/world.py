"""Everything that one deploy works with, resolved once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway import local, signals, tools
from slipway.aws import Aws, at, connect
from slipway.config import Service, Settings, load
from slipway.console import Console
from slipway.engine import DockerEngine
from slipway.errors import DeployError
from slipway.images.apply import Workbench, ensure, prepare
from slipway.infra.apply import Terraforming, terraforming
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.runner import Runner

if TYPE_CHECKING:
    from slipway.cli.app import App


@dataclass(frozen=True, kw_only=True)
class Built:
    """A service's image in the registry and what it was built from."""

    ref: ImageRef
    commit: str
    dirty: bool


@dataclass(kw_only=True)
class World:
    """The checkout, its settings for one environment, and the ways to act there."""

    checkout: Checkout
    settings: Settings
    console: Console
    runner: Runner
    aws: Aws
    bench: Workbench
    terraform: Terraforming

    def image(self, service: Service, repository: str) -> Built:
        """The service's image in `repository`, built if the registry lacks it."""
        plan = prepare(
            service,
            repository=repository,
            environment=self.settings.environment.name,
            runner=self.runner,
            engine=self.bench.engine,
        )
        if plan.dirty and self.settings.environment.protected:
            raise DeployError(
                f"{service.name}: {self.settings.environment.name} is protected, "
                f"and {self.checkout.shown(service.folder)} has uncommitted changes",
                next_step="commit them, and deploy the commit",
            )
        ref = ensure(plan, self.bench).ref
        return Built(ref=ref, commit=plan.source.revision, dirty=plan.dirty)


def open_world(app: App, environment: str, services: Sequence[str]) -> World:
    """Settings, tools, engine and AWS for a deploy of `services` (none named: all).

    Starts the embedded AWS where that is the target; a dry run needs it running.
    """
    settings = load(app.checkout, environment, services)
    engine = DockerEngine()
    signals.register(engine.interrupt)
    engine.ping()
    aws = connect_to(app, settings)
    bench = Workbench(
        checkout=app.checkout,
        runner=app.runner,
        engine=engine,
        cli=tools.docker_cli(app.runner),
        ecr=at(aws, settings.environments[settings.environment.registry]).ecr,
        console=app.console,
        ca=tools.ca_bundle(),
    )
    terraform = terraforming(
        app.checkout, settings, runner=app.runner, console=app.console, aws=aws
    )
    return World(
        checkout=app.checkout,
        settings=settings,
        console=app.console,
        runner=app.runner,
        aws=aws,
        bench=bench,
        terraform=terraform,
    )


def connect_to(app: App, settings: Settings) -> Aws:
    """The environment's AWS: the account it names, or the embedded one, started if need be."""
    if settings.environment.target == "aws":
        aws = connect(settings.environment, endpoint=None)
        aws.verify()
        return aws
    return connect(settings.environment, endpoint=embedded(app, settings))


def embedded(app: App, settings: Settings) -> str:
    """The endpoint of the embedded AWS."""
    if not app.dry_run:
        return local.up(app.checkout, settings.local, app.runner, app.console)
    found = local.endpoint(app.checkout, settings.local)
    if found is None:
        raise DeployError(
            f"{settings.environment.name}: the embedded AWS does not run, so nothing is deployed: "
            "a deploy would start it and make everything",
            next_step=f"uv run invoke deploy --env={settings.environment.name}",
        )
    return found
