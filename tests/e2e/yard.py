"""A checkout with a registry, for tests of images with a real engine and a real BuildKit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker

from slipway import local
from slipway.aws import connect
from slipway.config import Environment, Local
from slipway.console import Console
from slipway.engine import LABEL, DockerEngine
from slipway.images.apply import Workbench, prepare
from slipway.images.plan import ImagePlan
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.sbom.attached import PREFIX as SBOM
from slipway.tools import docker_cli
from tests.e2e.checkout import free_port, make_clone
from tests.unit.images.samples import make_service

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

BASE = "python:3.13-slim-trixie"

DOCKERFILE = f"""\
FROM {BASE} AS builder
WORKDIR /app
COPY app.py .

FROM builder AS test
COPY test_app.py .
RUN python3 test_app.py

FROM {BASE} AS runtime
WORKDIR /app
COPY --from=builder /app .
USER 10001
CMD ["python3", "app.py"]
ARG VERSION=dev
ENV SERVICE_VERSION=$VERSION
"""

APP = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()


HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""


@dataclass
class Yard:
    """A checkout with a registry, and services that are made as a test needs them."""

    checkout: Checkout
    host: str
    ecr: ECRClient
    engine: DockerEngine = field(default_factory=DockerEngine)
    made: set[str] = field(default_factory=set)
    said: io.StringIO = field(default_factory=io.StringIO)

    def bench(self, **changed: Any) -> Workbench:
        runner = SubprocessRunner()
        values: dict[str, Any] = {
            "checkout": self.checkout,
            "runner": runner,
            "engine": self.engine,
            "cli": docker_cli(runner),
            "ecr": self.ecr,
            "console": Console(err=self.said),
        }
        return Workbench(**values | changed)

    def service(self, name: str, **files: str) -> Callable[[], ImagePlan]:
        """Write a service; what comes back plans its image. `files` by stem: app, test_app."""
        folder = self.checkout.services / name
        folder.mkdir(parents=True)
        self.made.add(name)
        self.ecr.create_repository(repositoryName=f"shop/{name}", imageTagMutability="IMMUTABLE")
        (folder / "Dockerfile").write_text(files.pop("dockerfile", DOCKERFILE))
        for stem, text in ({"app": APP, "test_app": ""} | files).items():
            (folder / f"{stem}.py").write_text(text)
        return lambda: self.plan(name)

    def plan(self, name: str) -> ImagePlan:
        plan = prepare(
            make_service(name=name, folder=self.checkout.services / name),
            repository=f"{self.host}/shop/{name}",
            environment="local",
            runner=SubprocessRunner(),
            engine=self.engine,
        )
        return replace(plan, ask=replace(plan.ask, timeout=5))

    def pushed(self, name: str) -> list[str]:
        """The tags that the registry has of a service's images."""
        found = self.ecr.list_images(repositoryName=f"shop/{name}")["imageIds"]
        tags = [image["imageTag"] for image in found]
        return [tag for tag in tags if not tag.startswith(SBOM)]

    def stored(self) -> int:
        """Bytes of all layers, configurations and artifacts that the registry has been given."""
        layers = self.checkout.work.rglob("images/*")
        return sum(file.stat().st_size for file in layers)

    def layers(self, image: str) -> list[str]:
        """The digests of an image's layers, uncompressed, the base's first."""
        with closing(docker.from_env()) as client:
            found: list[str] = client.images.get(image).attrs["RootFS"]["Layers"]
        return found

    def trials(self) -> int:
        """Containers of trial starts that are there, running or not; others' don't count."""
        with closing(docker.from_env()) as client:
            found = client.containers.list(all=True, filters={"label": LABEL})
            return sum(container.labels[LABEL] in self.made for container in found)

    def clean(self) -> None:
        """Take what was built out of the engine."""
        with closing(docker.from_env()) as client:
            for image in client.images.list():
                for tag in image.tags:
                    if tag.startswith(self.host):
                        client.images.remove(tag)


@contextmanager
def open_yard(folder: Path) -> Iterator[Yard]:
    """A yard in a folder of its own, with an embedded AWS that ends with it."""
    clone = make_clone(folder, free_port())
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    checkout, port = Checkout(clone.root), Local(port=clone.port, mode="process")
    runner, quiet = SubprocessRunner(), Console(err=io.StringIO())
    endpoint = local.up(checkout, port, runner, quiet)
    environment = Environment(
        name="local",
        target="embedded",
        region="us-west-1",
        account_id="000000000000",
        role_arn="",
        branch="",
        protected=False,
        registry="local",
    )
    ecr = connect(environment, endpoint=endpoint).ecr
    made = Yard(checkout=checkout, host=f"127.0.0.1:{clone.port}", ecr=ecr)
    try:
        yield made
    finally:
        ecr.close()
        made.clean()
        made.engine.close()
        local.reset(checkout, port, runner)
