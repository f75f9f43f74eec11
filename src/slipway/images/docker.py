"""Docker's command lines: each function returns a command and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.command import Command, command
from slipway.images.plan import ImagePlan, Stage

if TYPE_CHECKING:
    from slipway.tools import DockerCli

USER = "AWS"
"""The user name of every ECR login; the token is the password."""


def build_test(cli: DockerCli, plan: ImagePlan, *, context: Path, ca: Path | None) -> Command:
    """Build the stage `test`, which runs the service's tests; the result is kept as cache only.

    BuildKit leaves out stages that nothing needs, so this one has to be asked for.
    """
    return _build(cli, plan, "test", "--output", "type=cacheonly", context=context, ca=ca)


def build_runtime(
    cli: DockerCli, plan: ImagePlan, *, context: Path, ca: Path | None, iidfile: Path
) -> Command:
    """Build the stage `runtime` into the engine; its id is written to `iidfile`."""
    load = ("--load", "--provenance=false") if cli.buildx else ()
    labels = [word for pair in _labels(plan).items() for word in ("--label", "=".join(pair))]
    return _build(
        cli,
        plan,
        "runtime",
        *load,
        *("--tag", plan.reference),
        *("--iidfile", str(iidfile)),
        *("--build-arg", f"VERSION={plan.tag}"),
        *labels,
        context=context,
        ca=ca,
    )


def login(cli: DockerCli, *, registry: str, password: str, config: Path, host: str) -> Command:
    """Log in to `registry`, keeping the password in `config` alone."""
    words = ("login", "--username", USER, "--password-stdin", registry)
    return command(
        *_own_config(cli, config, host), *words, mutates=True, stdin=password, secrets=(password,)
    )


def push(cli: DockerCli, *, reference: str, config: Path, host: str) -> Command:
    """Push an image of the engine."""
    return command(*_own_config(cli, config, host), "push", reference, mutates=True)


def pull(cli: DockerCli, *, reference: str, config: Path, host: str) -> Command:
    """Pull an image into the engine."""
    return command(*_own_config(cli, config, host), "pull", reference, mutates=True)


def tag(cli: DockerCli, *, image: str, reference: str) -> Command:
    """Give an image of the engine one more name."""
    return command(cli.path, "tag", image, reference, mutates=True)


def build_variant(cli: DockerCli, *, reference: str, platform: str, context: Path) -> Command:
    """Build a Dockerfile without stages and files, upon an image that the engine has."""
    return command(
        cli.path,
        *(("buildx", "build", "--load", "--provenance=false") if cli.buildx else ("build",)),
        *("--progress=plain", "--platform", platform, "--tag", reference),
        context,
        env=cli.env,
        mutates=True,
    )


def named(cli: DockerCli, registry: str) -> Command:
    """The images of the engine that have a name in `registry`: repository, tag and digest."""
    columns = "--format={{.Repository}} {{.Tag}} {{.Digest}}"
    words = ("image", "ls", "--digests", columns, f"--filter=reference={registry}/*/*")
    return command(cli.path, *words, env=cli.env)


def names_in(listing: str) -> tuple[str, ...]:
    """Every name in a listing of `named`: by tag and by digest."""
    found = (line.split() for line in listing.splitlines())
    return tuple(
        name
        for repository, tag, digest in found
        for name, part in ((f"{repository}:{tag}", tag), (f"{repository}@{digest}", digest))
        if part != "<none>"
    )


def unname(cli: DockerCli, names: Sequence[str]) -> Command:
    """Take these names away; an image goes with its last one, wherever that points."""
    return command(cli.path, "image", "rm", *names, env=cli.env, mutates=True)


def configuration(cli: DockerCli, reference: str) -> Command:
    """What an image of the engine runs, and with what, as JSON."""
    words = ("image", "inspect", "--format={{json .Config}}", reference)
    return command(cli.path, *words, env=cli.env)


def _build(
    cli: DockerCli, plan: ImagePlan, stage: Stage, *more: str, context: Path, ca: Path | None
) -> Command:
    # BuildKit knows the second name itself; the first ones decide what the image is called.
    given = {**dict(sorted(plan.build_args.items())), "SOURCE_DATE_EPOCH": plan.source.changed}
    arguments = [
        word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")
    ]
    return command(
        cli.path,
        *(("buildx", "build") if cli.buildx else ("build",)),
        *("--progress=plain", "--platform", plan.platform, "--target", stage),
        *("--file", context / plan.dockerfile),
        *(("--secret", f"id=ca,src={ca}") if ca else ()),
        *arguments,
        *more,
        context,
        env=cli.env,
        mutates=True,
    )


def _labels(plan: ImagePlan) -> dict[str, str]:
    # Labels are written into the image's configuration and leave every layer's cache alone.
    prefix = "org.opencontainers.image"
    dirty = "-dirty" if plan.dirty else ""
    labels = {f"{prefix}.title": plan.service, f"{prefix}.version": plan.tag}
    if plan.source.revision:
        labels[f"{prefix}.revision"] = plan.source.revision + dirty
    return labels


def _own_config(cli: DockerCli, config: Path, host: str) -> tuple[str, ...]:
    # The user's own configuration stays as it is. It also holds the contexts and the plugins, so
    # the engine has to be named here, and builds can't use this.
    return (str(cli.path), "--config", str(config), *(("--host", host) if host else ()))
