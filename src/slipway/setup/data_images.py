"""The images behind the embedded AWS's databases and caches: pulled, else built from Debian.

They get names of the embedded AWS's own, so that no public name is shadowed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway import tools
from slipway.command import Command, command
from slipway.errors import CommandFailed, ToolError
from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup import engine, packages
from slipway.setup.apt_sources import archive_lines, host_sources
from slipway.setup.base_image import LABEL, PACKAGES, SOURCE, reason
from slipway.setup.data_rootfs import DATA
from slipway.setup.images import FIRST, missing
from slipway.setup.step import Finding, Step


@dataclass(frozen=True, kw_only=True)
class DataImage:
    """An image by where it comes from: a public one, or a release of Debian."""

    public: str
    release: str
    package: str
    user: str
    path: str


IMAGES: Mapping[str, DataImage] = {
    "embedded-aws.local/postgres:16": DataImage(
        public="postgres:16-alpine",
        # Debian has 15 and 17; 17 has the rules for roles that came with 16.
        release="trixie",
        package="postgresql-17",
        user="postgres",
        path="/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    "embedded-aws.local/redis:7": DataImage(
        public="redis:7-alpine",
        release="bookworm",
        package="redis-server",
        user="redis",
        path="/usr/sbin:/usr/bin:/sbin:/bin",
    ),
}
"""By the names that `embedded_aws.databases.images` asks the engine for."""

BASICS = (
    *("base-files", "base-passwd", "dash", "coreutils", "libc-bin"),
    *("gzip", "sed", "grep", "tar"),
)
UNWANTED = (
    *(f"/usr/share/{name}/*" for name in ("doc", "man", "info", "locale", "perl", "perl5")),
    "/usr/lib/*/libLLVM*",
    "/usr/lib/*/perl*",
    "/usr/lib/postgresql/*/lib/bitcode/*",
)


def step(_checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(name="data images", look=lambda: look(runner), mend=lambda: mend(runner))


def look(runner: Runner) -> Finding:
    """Which of them the engine has."""
    if engine.ask(runner).code != 0:
        return Finding(ok=False, found="no Docker engine to look into", remedy=FIRST)
    absent = missing(list(IMAGES), runner)
    if not absent:
        return Finding(ok=True, found=", ".join(IMAGES))
    public = ", ".join(IMAGES[name].public for name in absent)
    would = f"pull {public}, or build them from Debian's archive"
    return Finding(ok=False, found=f"{', '.join(absent)} missing", would=would)


def mend(runner: Runner) -> None:
    """Get each missing image into the engine."""
    for name in missing(list(IMAGES), runner):
        if not _pulled(name, IMAGES[name].public, runner):
            _build(name, IMAGES[name], runner)


def steps(name: str, image: DataImage, folder: Path, mirrors: tuple[str, ...]) -> list[Command]:
    """The commands that build an image, with their files in `folder`."""
    raw, refined = folder / "raw.tar", folder / "refined.tar"
    left_out = (f"--dpkgopt=path-exclude={path}" for path in UNWANTED)
    included = ",".join((*BASICS, image.package))
    options = ("--variant=extract", f"--include={included}", *left_out)
    env = tools.child_env()
    refine = ("-m", "slipway.setup.data_rootfs", image.user, raw, refined)
    return [
        command("mmdebstrap", *options, image.release, raw, *mirrors, env=env, mutates=True),
        command(sys.executable, *refine, mutates=True),
        command(_docker(), "import", *changes(image), refined, name, env=env, mutates=True),
    ]


def changes(image: DataImage) -> list[str]:
    """What the image says of itself, as options of `docker import`."""
    lines = (
        f"ENV PATH={image.path}",
        "ENV LANG=C.UTF-8",
        f"WORKDIR /{DATA[image.user]}",
        f"LABEL {LABEL}={SOURCE}",
    )
    return [word for line in lines for word in ("--change", line)]


def _pulled(name: str, public: str, runner: Runner) -> bool:
    env = tools.child_env()
    try:
        runner.run(command(_docker(), "pull", public, env=env, mutates=True))
    except CommandFailed:
        return False
    runner.run(command(_docker(), "tag", public, name, env=env, mutates=True))
    return True


def _build(name: str, image: DataImage, runner: Runner) -> None:
    if not tools.executables("mmdebstrap"):
        packages.install(PACKAGES, runner)
    with tempfile.TemporaryDirectory(prefix="slipway-data-") as folder:
        mirrors = archive_lines(image.release, host_sources())
        for one in steps(name, image, Path(folder), mirrors):
            _run(one, name, image, runner)


def _run(one: Command, name: str, image: DataImage, runner: Runner) -> None:
    try:
        runner.run(one)
    except CommandFailed as error:
        raise ToolError(
            f"{name}: can't be built from Debian's archive\n{reason(error.output)}",
            next_step=f"docker pull {image.public} && docker tag {image.public} {name}",
        ) from error


def _docker() -> str:
    found = tools.executables("docker")
    return str(found[0]) if found else "docker"
