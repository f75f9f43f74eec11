"""System packages on Debian and Ubuntu: who may install them, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from slipway import tools
from slipway.command import Command, command
from slipway.errors import CommandFailed, ToolError
from slipway.runner import Runner

Rights = Literal["root", "sudo", "none"]

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
QUIET = {"DEBIAN_FRONTEND": "noninteractive"}
OS_RELEASE = Path("/etc/os-release")


def rights(runner: Runner) -> Rights:
    """Whether we may act as root: being it, or by a sudo that asks for no password."""
    if os.geteuid() == 0:
        return "root"
    sudo = tools.executables("sudo")
    if sudo and runner.run(command(sudo[0], "-n", "true"), check=False).code == 0:
        return "sudo"
    return "none"


def is_debian(release: Path | None = None) -> bool:
    """Whether this is Debian, Ubuntu or one of their children, with apt-get."""
    values = _os_release(release or OS_RELEASE)
    family = {values.get("ID", ""), *values.get("ID_LIKE", "").split()}
    return bool(family & {"debian", "ubuntu"}) and bool(tools.executables("apt-get"))


def as_root(rights: Rights, *argv: str | Path, env: Mapping[str, str] | None = None) -> Command:
    """A changing command with root's rights; `env` gets through sudo, which clears the rest.

    A root by plain `su` has no sbin folders on PATH, without which dpkg and dockerd give up; sudo
    has a PATH of its own.
    """
    kept = env or {}
    if rights == "root":
        path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}".lstrip(":")
        return command(*argv, env={**tools.child_env(), "PATH": path, **kept}, mutates=True)
    given = ["env", *(f"{name}={value}" for name, value in kept.items())] if kept else []
    return command("sudo", "-n", *given, *argv, env=tools.child_env(), mutates=True)


def install(names: Sequence[str], runner: Runner, *, if_known: Sequence[str] = ()) -> None:
    """Install packages, and those of `if_known` that this release has."""
    how = _refreshed(names, runner)
    known = _known(if_known, runner) if if_known else []
    _install((*names, *known), how, runner)


def install_one_of(groups: Sequence[Sequence[str]], runner: Runner) -> None:
    """Install the first group that this release has; the last one is tried in any case."""
    how = _refreshed(groups[0], runner)
    known = (group for group in groups[:-1] if list(group) == _known(group, runner))
    _install(next(known, groups[-1]), how, runner)


def by_hand(names: Sequence[str]) -> str:
    """The command for a user who may."""
    return f"sudo apt-get update && sudo apt-get install {' '.join(names)}"


def _refreshed(names: Sequence[str], runner: Runner) -> Rights:
    """Bring the package lists up to date; who we do it as."""
    how = rights(runner)
    if how == "none" or not is_debian():
        raise ToolError(f"{', '.join(names)}: can't be installed here", next_step=by_hand(names))
    # A set-up that was killed may have left packages half installed; else this does nothing.
    runner.run(as_root(how, "dpkg", "--configure", "-a", env=QUIET), check=False)
    # Without a network the package lists at hand may still do.
    runner.run(as_root(how, "apt-get", "update"), check=False)
    return how


def _known(names: Sequence[str], runner: Runner) -> list[str]:
    listed = runner.run(command("apt-cache", "pkgnames"), check=False).stdout.split()
    return [name for name in names if name in listed]


def _install(names: Sequence[str], how: Rights, runner: Runner) -> None:
    # docker.io conflicts with Docker's own packages: nothing that is there may go.
    argv = ("apt-get", "install", "-y", "--no-install-recommends", "--no-remove", *names)
    try:
        runner.run(as_root(how, *argv, env=QUIET))
    except CommandFailed as error:
        raise ToolError(error.message, next_step=by_hand(names)) from error


def _os_release(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.is_file() else []
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
