"""Images made of an image: the same under another version, or with another program in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from slipway.config import Service
from slipway.errors import BuildError
from slipway.images import docker, registry
from slipway.images.apply import Workbench, docker_config
from slipway.images.plan import PLATFORMS
from slipway.model import ImageRef
from slipway.rehearse import programs
from slipway.release.world import Built, ImageSource

Program = Callable[[Service, tuple[str, ...]], str]
"""What a container runs instead, given the service and the command of its image; "": the same."""


def same(service: Service, command: tuple[str, ...]) -> str:  # noqa: ARG001
    """The service as it is."""
    return ""


def variant(bench: Workbench, source: ImageSource, name: str, program: Program) -> ImageSource:
    """`source` with each image replaced by one that is tagged `name` as well, made of it."""

    def made(service: Service, repository: str) -> Built:
        built = source(service, repository)
        return replace(built, ref=make(bench, service, built.ref, name, program))

    return made


def unlike(bench: Workbench, source: ImageSource, served: dict[str, str]) -> ImageSource:
    """`source`, with a version of its own where its image is the one that serves already.

    `served` are the tags by service. Otherwise there would be nothing to roll out.
    """
    again = variant(bench, source, "again", same)

    def made(service: Service, repository: str) -> Built:
        built = source(service, repository)
        return again(service, repository) if served.get(service.name) == built.ref.tag else built

    return made


def make(
    bench: Workbench, service: Service, base: ImageRef, name: str, program: Program
) -> ImageRef:
    """Build an image of `base` and push it; it is not tried before, as every other one is."""
    tag = f"{base.tag}-{name}"
    stored = registry.find(bench.ecr, base.repository, tag)
    if stored:
        return ImageRef(repository=base.repository, tag=tag, digest=stored.digest)
    reference, origin = f"{base.repository}:{tag}", f"{base.repository}:{base.tag}"
    text = programs.dockerfile(origin, tag, program(service, command_of(bench, origin)))
    with TemporaryDirectory(dir=bench.checkout.work) as folder:
        (Path(folder) / "Dockerfile").write_text(text)
        platform = PLATFORMS[service.architecture]
        bench.runner.run(
            docker.build_variant(
                bench.cli, reference=reference, platform=platform, context=Path(folder)
            )
        )
    bench.login(base.repository.partition("/")[0])
    config = docker_config(bench.checkout)
    bench.runner.run(
        docker.push(bench.cli, reference=reference, config=config, host=bench.engine.host)
    )
    stored = registry.find(bench.ecr, base.repository, tag)
    if stored is None:
        raise BuildError(f"push of {reference}: the registry has nothing")
    return ImageRef(repository=base.repository, tag=tag, digest=stored.digest)


def command_of(bench: Workbench, reference: str) -> tuple[str, ...]:
    """What a container of an image runs: its entry point and command."""
    said = bench.runner.run(docker.configuration(bench.cli, reference)).stdout
    found = json.loads(said)
    return (*(found.get("Entrypoint") or ()), *(found.get("Cmd") or ()))
