"""A Python base image from Debian's archive, for machines that can't pull the official one.

It gets the official image's name, and a Dockerfile can't tell the difference in what it may use:
`python`, `python3`, `pip`, a shell with the usual tools, CA certificates, time zones. Measured
figures are in docs/decisions/0011-base-image-from-debian.md.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from slipway import tools
from slipway.command import Command, command
from slipway.errors import CommandFailed, ToolError
from slipway.images.plan import DEBIAN
from slipway.runner import Runner
from slipway.setup.apt_sources import archive_lines, host_sources

PACKAGES = ("mmdebstrap", "debian-archive-keyring")
"""Debian packages that the machine needs to build one."""

LABEL = "org.slipway.source"

OWN_PYTHON = {"trixie": "3.13", "bookworm": "3.11"}
"""Debian release -> the Python that its archive has; no other can be built."""

SOURCE = "debian-archive/2"
"""What the label of our images says; a change of their content gives it another number, so that
`setup` builds anew what an earlier checkout has built."""

CONFIG = (
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
    f"LABEL {LABEL}={SOURCE}",
)
"""What the official image sets as well, and a label that tells the two apart."""

_NAME = re.compile(r"python:(?P<python>3\.\d+)-slim-(?P<release>[a-z]+)")
# Unpacked packages are in no database; SBOMs and scanners of vulnerabilities look for dpkg's.
_DATABASE = (
    'for deb in "$1"/var/cache/apt/archives/*.deb; '
    'do echo "Status: install ok installed"; dpkg-deb --field "$deb"; echo; done '
    '> "$1/var/lib/dpkg/status"'
)
_UNWANTED = ("doc", "man", "info", "locale", "lintian", "bash-completion")


def base_image_name(python: str) -> str:
    """The base image of services that run on this Python, as "3.13"."""
    return f"python:{python}-slim-{DEBIAN.get(python, 'trixie')}"


def can_build(name: str) -> bool:
    """Whether Debian's archive has what the image of this name consists of."""
    match = _NAME.fullmatch(name)
    return match is not None and OWN_PYTHON.get(match["release"]) == match["python"]


def outdated(labels: Mapping[str, str]) -> bool:
    """Whether an image with these labels is one of ours, and of an earlier make."""
    return labels.get(LABEL, SOURCE) != SOURCE


def build_from_debian(name: str, runner: Runner, *also: str, called: str = "") -> None:
    """Build the image and give it to the engine under `name`; takes about 10 s.

    `also` are more packages to put in, and `called` another name for what comes of that.
    Needs `PACKAGES`. Raises `ToolError` with what mmdebstrap or docker said. Interrupted, it leaves
    nothing behind: the engine gets the image whole or not at all.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-base-") as folder:
        mirrors = archive_lines(release_of(name), host_sources())
        for step in steps(name, Path(folder), mirrors, *also, called=called):
            _run(name, step, runner)


def steps(
    name: str, folder: Path, mirrors: tuple[str, ...], *also: str, called: str = ""
) -> list[Command]:
    """The commands that build image `name`, with their files in `folder`."""
    raw, refined = folder / "raw.tar", folder / "refined.tar"
    return [
        bootstrap(release_of(name), raw, mirrors, *also),
        # As a command of its own, so that a dry run shows it and Ctrl-C reaches it.
        command(sys.executable, "-m", "slipway.setup.rootfs", raw, refined, mutates=True),
        import_image(called or name, refined),
    ]


def release_of(name: str) -> str:
    """The Debian release in an image's name."""
    match = _NAME.fullmatch(name)
    if match is None or not can_build(name):
        known = ", ".join(f"python:{p}-slim-{release}" for release, p in OWN_PYTHON.items())
        raise ToolError(
            f"{name}: can't be built from Debian's archive, which has {known}",
            next_step=f"docker pull {name}",
        )
    return match["release"]


def bootstrap(release: str, target: Path, mirrors: tuple[str, ...], *also: str) -> Command:
    """Download and unpack the packages; nothing of them is run, so no chroot is needed."""
    python = OWN_PYTHON[release]
    packages = (
        *("base-files", "base-passwd", "netbase", "dash", "coreutils", "libc-bin"),
        "libstdc++6",  # wheels need it (greenlet), and the official image has it
        *("grep", "sed", "findutils", "ca-certificates", "tzdata"),
        *(f"python{python}-minimal", f"libpython{python}-stdlib", "python3-pip-whl"),
        *also,
    )
    left_out = (f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _UNWANTED)
    kept = "--dpkgopt=path-include=/usr/share/doc/*/copyright"
    # chrootless because nothing is run, and every user may do that; the archive's owner is root.
    options = (
        "--variant=extract",
        "--mode=chrootless",
        f"--include={','.join(packages)}",
        *left_out,
        kept,
        f"--extract-hook={_DATABASE}",
    )
    return command(
        "mmdebstrap", *options, release, target, *mirrors, env=tools.child_env(), mutates=True
    )


def import_image(name: str, archive: Path) -> Command:
    """Make a root file system an image of one layer."""
    found = tools.executables("docker")
    changes = [word for line in CONFIG for word in ("--change", line)]
    docker = found[0] if found else "docker"
    return command(docker, "import", *changes, archive, name, env=tools.child_env(), mutates=True)


def _run(name: str, step: Command, runner: Runner) -> None:
    try:
        runner.run(step)
    except CommandFailed as error:
        raise ToolError(
            f"{name}: can't be built from Debian's archive\n{reason(error.output)}",
            next_step=f"make sure that apt-get update works here, or that docker pull {name} does; "
            "then: uv run invoke setup",
        ) from error


def reason(output: str) -> str:
    """The lines of a failed command that say why: its errors, else the last of all."""
    lines = output.strip().splitlines()
    errors = [line for line in lines if line.startswith(("E:", "Err:", "Error"))]
    return "\n".join((errors or lines)[-5:])
