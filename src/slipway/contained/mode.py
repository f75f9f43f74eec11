"""Whether the embedded AWS runs as a process of this machine or in a container."""

from __future__ import annotations

import sys
from typing import Literal

from slipway import tools
from slipway.command import command
from slipway.config import Local
from slipway.runner import Runner

Mode = Literal["process", "container"]

DESKTOP = "Docker Desktop"
"""What an engine calls its system whose containers have no address on this machine."""


def mode(local: Local, runner: Runner) -> Mode:
    """How it runs; asks the engine only where that decides."""
    if local.mode == "auto" and sys.platform == "linux":
        return choose(local.mode, sys.platform, _operating_system(runner))
    return choose(local.mode, sys.platform, "")


def choose(wanted: Literal["auto", "process", "container"], system: str, engine: str) -> Mode:
    """As wanted, else by where containers are: on this machine, or in a virtual one.

    `system` is Python's name of the platform, `engine` the engine's name of its operating system.
    """
    if wanted != "auto":
        return wanted
    return "container" if system != "linux" or engine == DESKTOP else "process"


def in_virtual_machine(runner: Runner) -> bool:
    """Whether the engine has a file system of its own, apart from this machine's."""
    return sys.platform != "linux" or _operating_system(runner) == DESKTOP


def _operating_system(runner: Runner) -> str:
    """What the engine says; nothing where it does not answer, which the next step will tell."""
    found = tools.executables("docker")
    if not found:
        return ""
    asked = command(found[0], "info", "--format", "{{.OperatingSystem}}", env=tools.child_env())
    return runner.run(asked, check=False).stdout.strip()
