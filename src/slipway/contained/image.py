"""The image of the embedded AWS: built once for each state of its source."""

from __future__ import annotations

import hashlib
from pathlib import Path

from slipway import tools
from slipway.command import Command, command
from slipway.console import Console
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.tools import DockerCli

PYTHON = "3.13"
BASE = f"embedded-aws.local/base:{PYTHON}"
"""A Python image that `setup` provides: the official one, or Debian's with HAProxy in it."""

REPOSITORY = "embedded-aws.local/aws"
"""A name that no registry has."""


def ensure(checkout: Checkout, cli: DockerCli, runner: Runner, console: Console) -> str:
    """The image's reference, after building it where the engine does not have it.

    Raises `ToolError` where its base image is missing or the build fails.
    """
    base = _id(BASE, cli, runner)
    if not base:
        raise ToolError(f"image {BASE} is missing", next_step=tools.SETUP)
    reference = f"{REPOSITORY}:{tag(checkout, base)}"
    if not _id(reference, cli, runner):
        console.line("building the image of the embedded AWS; once for each version of it")
        runner.run(build(checkout, cli, reference, ca=tools.ca_bundle()))
    return reference


def tag(checkout: Checkout, base: str) -> str:
    """Sixteen hex digits over all that the image is made of; `base` is its base image's id."""
    from embedded_aws.version import source_version

    project = checkout.embedded_project
    digest = hashlib.sha256(f"{base}\0{source_version(project)}".encode())
    for name in ("Dockerfile", "pyproject.toml"):
        digest.update((project / name).read_bytes())
    return digest.hexdigest()[:16]


def build(checkout: Checkout, cli: DockerCli, reference: str, *, ca: Path | None) -> Command:
    """The build; a CA bundle is a secret of it and in no layer."""
    return command(
        cli.path,
        *(("buildx", "build", "--load", "--provenance=false") if cli.buildx else ("build",)),
        *("--progress=plain", "--tag", reference, "--build-arg", f"BASE={BASE}"),
        *(("--secret", f"id=ca,src={ca}") if ca else ()),
        checkout.embedded_project,
        env=cli.env,
        mutates=True,
    )


def _id(reference: str, cli: DockerCli, runner: Runner) -> str:
    asked = ("image", "inspect", "--format", "{{.Id}}", reference)
    found = runner.run(command(cli.path, *asked, env=cli.env), check=False)
    return found.stdout.strip() if found.code == 0 else ""
