"""Every variant of the template as an image that runs, beside a real PostgreSQL and a real Redis.

Containers have no more rights than a task. They share the machine's network, so that they find the
stores where `invoke dev` has them.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from slipway import tools
from slipway.config import Service, Settings, load
from slipway.config.local_values import local_values
from slipway.console import Console
from slipway.dev import data, stores
from slipway.dev.ports import POSTGRES, REDIS
from slipway.dev.stores import Cellar
from slipway.dev.variables import account, url, variables
from slipway.engine import DockerEngine
from slipway.images.apply import prepare
from slipway.images.docker import build_runtime
from slipway.images.source import stage_context
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.scaffold import template
from tests.e2e.checkout import Clone, free_port, make_clone

REGISTRY = "variants.invalid"
"""Images are named as if they were to be pushed there; they never are."""


@dataclass(kw_only=True)
class Row:
    """The built variants and what they need; `settings` are those of their checkout."""

    settings: Settings
    ports: Mapping[str, int]
    images: dict[str, str] = field(default_factory=dict)

    @property
    def services(self) -> Mapping[str, Service]:
        return self.settings.services

    def env(self, name: str) -> dict[str, str]:
        """What the service gets from `invoke dev`."""
        service = self.services[name]
        found = variables(service, self.settings, self.ports, local_values(service))
        return {key: value for key, value in found.items() if value is not None}

    def url(self, name: str) -> str:
        """Where the service answers, its route included."""
        return url(self.services[name], self.ports)

    def run(self, name: str, *command: str) -> tuple[int, str]:
        """Run a command of the image to its end; exit code, and what it said."""
        with self.started(name, *command) as container:
            code: int = container.wait(timeout=120)["StatusCode"]
            return code, said(container)

    @contextmanager
    def started(self, name: str, *command: str) -> Iterator[Container]:
        """The service, or a command of its image, as a task runs it."""
        rights: dict[str, Any] = {
            "read_only": True,
            "tmpfs": {"/tmp": "mode=1777"},
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": "512m",
        }
        with closing(docker.from_env()) as client:
            container = client.containers.run(
                self.images[name],
                list(command) or None,
                detach=True,
                network_mode="host",
                environment=self.env(name),
                **rights,
            )
            try:
                yield container
            finally:
                container.remove(force=True, v=True)


def said(container: Container) -> str:
    """Everything that a container has printed."""
    return container.logs().decode()


@contextmanager
def opened(folder: Path) -> Iterator[Row]:
    """All variants, rendered and built, with a database and a cache that end with the block."""
    clone = make_clone(folder, free_port())
    names = rendered(clone)
    checkout = Checkout(clone.root)
    settings = load(checkout, "local")
    ports = {name: free_port() for name in (*names, POSTGRES, REDIS)}
    row = Row(settings=settings, ports=ports)
    runner, engine = SubprocessRunner(), DockerEngine()
    cellar = stores.open_cellar(checkout, runner, engine, Console(err=io.StringIO()))
    accounts = [account(name) for name in names if settings.services[name].database.enabled]
    with closing(engine), without_traces(cellar, row):
        with ThreadPoolExecutor(2) as pool:
            row.images |= dict(zip(names, pool.map(lambda n: build(row, n), names), strict=True))
        with stores.running(cellar, ports, accounts, fresh=True):
            yield row


def rendered(clone: Clone) -> list[str]:
    """Render each variant as a service of the checkout; their names."""
    checkout = Checkout(clone.root)
    for number, answers in enumerate(template.variants(checkout.template)):
        name = named(answers)
        values = {**answers, "name": name, "route": f"/{name}", "priority": str(200 + number)}
        template.render(checkout.template, values, checkout.services)
    return [named(answers) for answers in template.variants(checkout.template)]


def named(answers: Mapping[str, str]) -> str:
    """What a variant is called: the choices that it is made of."""
    return "-".join(answer for answer in answers.values() if answer != "none")


def build(row: Row, name: str) -> str:
    """Build a variant's image without its stage `test`, which others look at; its name."""
    runner = SubprocessRunner()
    with closing(DockerEngine()) as engine, tempfile.TemporaryDirectory() as folder:
        plan = prepare(
            row.services[name],
            repository=f"{REGISTRY}/{name}",
            environment="local",
            runner=runner,
            engine=engine,
        )
        context, iid = Path(folder, "context"), Path(folder, "iid")
        stage_context(plan, context)
        cli = tools.docker_cli(runner)
        runner.run(build_runtime(cli, plan, context=context, ca=tools.ca_bundle(), iidfile=iid))
    return plan.reference


@contextmanager
def without_traces(cellar: Cellar, row: Row) -> Iterator[None]:
    """Take images and volumes away again."""
    try:
        yield
    finally:
        cellar.runner.run(data.forget(cellar.docker, cellar.containers))
        with closing(docker.from_env()) as client:
            for image in row.images.values():
                client.images.remove(image)
