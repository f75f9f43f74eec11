"""Everything that one deploy works with, resolved once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING

from slipway import local, signals, tools
from slipway.aws import Aws, at, connect
from slipway.config import Service, Settings, load
from slipway.console import Console
from slipway.engine import DockerEngine, Engine
from slipway.errors import DeployError
from slipway.images.apply import Workbench, ensure, prepare
from slipway.images.plan import ImagePlan
from slipway.infra.apply import Terraforming, terraforming
from slipway.model import ImageRef
from slipway.paths import Checkout
from slipway.runner import Runner

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

    from slipway.cli.app import App


@dataclass(frozen=True, kw_only=True)
class Built:
    """A service's image in the registry and what it was built from."""

    ref: ImageRef
    commit: str
    dirty: bool


ImageSource = Callable[[Service, str], Built]
"""Gives a service's image in a repository: by building it, or by taking one that was released."""


@dataclass(kw_only=True)
class Site:
    """One environment as a checkout sees it: enough to look, and to roll out what is there.

    `ecr` is of the registry that holds the environment's images. `minute` is how many seconds one
    of the environment's clock takes: fewer than 60 in a rehearsal.
    """

    checkout: Checkout
    settings: Settings
    console: Console
    aws: Aws
    ecr: ECRClient
    minute: float = 60.0


@dataclass(kw_only=True)
class World(Site):
    """A site with all that a deploy needs: where images come from, and Terraform."""

    runner: Runner
    terraform: Terraforming
    image: ImageSource


def make_site(checkout: Checkout, settings: Settings, console: Console, aws: Aws) -> Site:
    """The environment of `settings`, reached by `aws`."""
    registry = at(aws, settings.environments[settings.environment.registry])
    return Site(checkout=checkout, settings=settings, console=console, aws=aws, ecr=registry.ecr)


def make_world(app: App, site: Site, image: ImageSource) -> World:
    """`site` with Terraform; images come from `image`."""
    terraform = terraforming(
        site.checkout, site.settings, runner=app.runner, console=site.console, aws=site.aws
    )
    parts = {field.name: getattr(site, field.name) for field in fields(Site)}
    return World(**parts, runner=app.runner, terraform=terraform, image=image)


def open_world(app: App, environment: str, services: Sequence[str]) -> World:
    """Settings, tools, engine and AWS for a deploy of `services` (none named: all).

    Starts the embedded AWS where that is the target; a dry run needs it running.
    """
    settings = load(app.checkout, environment, services)
    engine = DockerEngine()
    signals.register(engine.interrupt)
    engine.ping()
    site = make_site(app.checkout, settings, app.console, connect_to(app, settings))
    bench = workbench(app.runner, site, engine)
    return make_world(app, site, partial(built, settings, bench))


def workbench(runner: Runner, site: Site, engine: Engine) -> Workbench:
    """What the builds of a site's images need."""
    return Workbench(
        checkout=site.checkout,
        runner=runner,
        engine=engine,
        cli=tools.docker_cli(runner),
        ecr=site.ecr,
        console=site.console,
        ca=tools.ca_bundle(),
    )


def built(settings: Settings, bench: Workbench, service: Service, repository: str) -> Built:
    """The service's image in `repository`, built if the registry lacks it."""
    environment = settings.environment
    plan = prepare(
        service,
        repository=repository,
        environment=environment.name,
        runner=bench.runner,
        engine=bench.engine,
    )
    if plan.dirty and environment.protected:
        raise DeployError(
            f"{service.name}: {environment.name} is protected, "
            f"and {bench.checkout.shown(service.folder)} has uncommitted changes",
            next_step="commit them, and deploy the commit",
        )
    ref = ensure(plan, bench).ref
    return Built(ref=ref, commit=plan.source.revision, dirty=plan.dirty)


def looks_at_images(world: World) -> Callable[[Service, str], ImagePlan]:
    """What plans a service's image in a repository, and builds nothing."""

    def look(service: Service, repository: str) -> ImagePlan:
        environment = world.settings.environment.name
        return prepare(
            service,
            repository=repository,
            environment=environment,
            runner=world.runner,
            engine=DockerEngine(),
        )

    return look


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
