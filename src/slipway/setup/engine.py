"""The Docker engine: found, started, installed, or the ways to get one."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from slipway import signals, tools
from slipway.command import command
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.runner import Result, Runner
from slipway.setup import packages
from slipway.setup.packages import Rights, as_root
from slipway.setup.step import Finding, Step

ANSWERS_WITHIN = 60.0
"""Seconds that a started engine gets; a first start on a slow disk takes about 10."""

PACKAGES = ("docker.io", "iptables")
SEPARATE_PACKAGES = ("docker-cli", "docker-buildx")
"""Parts of docker.io that newer releases have as packages of their own."""

SBIN = (Path("/usr/sbin"), Path("/sbin"))
LOGS = Path("/var/log")
SYSTEMD = Path("/run/systemd/system")
PID_FILE = Path("/var/run/docker.pid")
KERNEL = Path("/proc/sys/kernel/osrelease")


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What decides about the engine.

    `version` is that of the engine that answers ("" if none), `said` what the docker command line
    said instead, `chosen` the engine elsewhere that the user chose.
    """

    version: str = ""
    said: str = ""
    chosen: str = ""
    system: str = "linux"
    wsl: bool = False
    debian: bool = False
    rights: Rights = "none"
    cli: bool = True
    dockerd: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to do about the engine, why, and the ways out where we can do nothing."""

    action: Literal["use", "start", "install", "refuse"]
    reason: str
    ways: tuple[str, ...] = ()


def step(checkout: Checkout, runner: Runner) -> Step:
    """The step for `setup`."""
    return Step(
        name="Docker engine",
        look=lambda: finding(decide(observe(runner))),
        mend=lambda: mend(checkout, runner),
    )


def observe(runner: Runner) -> Observed:
    """Look at the engine and at what could be done about it."""
    answer = ask(runner)
    return Observed(
        version=answer.stdout.strip() if answer.code == 0 else "",
        said=answer.output.strip() if answer.code != 0 else "",
        chosen=_chosen(),
        system=sys.platform,
        wsl=KERNEL.is_file() and "microsoft" in KERNEL.read_text().lower(),
        debian=packages.is_debian(),
        rights=packages.rights(runner) if answer.code != 0 else "none",
        cli=bool(tools.executables("docker")),
        dockerd=bool(_dockerd()),
    )


def decide(seen: Observed) -> Choice:
    """What to do about the engine."""
    if seen.version:
        return Choice(action="use", reason=seen.version)
    if "permission denied" in seen.said:
        return Choice(action="refuse", reason="running, but not open to this user", ways=GROUP)
    if seen.chosen:
        reason = f"none answers at {seen.chosen}"
        return Choice(action="refuse", reason=reason, ways=_start_or_unset(seen.chosen))
    if seen.system != "linux" or seen.wsl:
        return Choice(action="refuse", reason="not running", ways=DESKTOP[_desktop(seen)])
    if seen.rights == "none":
        return Choice(
            action="refuse", reason="not running, and we may not start one", ways=ROOTLESS
        )
    if seen.dockerd and seen.cli:
        return Choice(action="start", reason="installed, not running")
    if seen.debian:
        return Choice(action="install", reason="not installed")
    return Choice(
        action="refuse", reason="not installed, and there is no apt-get", ways=OTHER_LINUX
    )


def finding(choice: Choice) -> Finding:
    """The choice as a line for users."""
    would = {
        "start": "start dockerd",
        "install": f"install {' and '.join(PACKAGES)} and start dockerd",
    }
    return Finding(
        ok=choice.action == "use",
        found=f"{choice.reason} (found)" if choice.action == "use" else choice.reason,
        remedy="\n    or ".join(choice.ways),
        would=would.get(choice.action, ""),
    )


def mend(
    checkout: Checkout, runner: Runner, *, sleep: Callable[[float], None] = signals.sleep
) -> None:
    """Install and start the engine, as far as needed; `ToolError` says why it did not start."""
    if decide(observe(runner)).action == "install":
        packages.install(PACKAGES, runner, if_known=SEPARATE_PACKAGES)
    # The package may have started it, or another user of this machine.
    if ask(runner).code != 0:
        _start(checkout, runner, sleep)


def ask(runner: Runner) -> Result:
    """The version of the engine that the docker command line reaches."""
    clis = tools.executables("docker")
    if not clis:
        return Result(code=127, stdout="", output="docker: not found")
    asked = (clis[0], "version", "--format", "{{.Server.Version}}")
    return runner.run(command(*asked, env=tools.child_env()), check=False)


def why_it_died(said: str, log: Path) -> ToolError:
    """The error for a dockerd that ended and `said` this in its log."""
    lines = said.strip().splitlines() or ["it said nothing"]
    last = next((line for line in reversed(lines) if "failed to start" in line), lines[-1])
    rights = any(sign in said.lower() for sign in ("permission denied", "not permitted"))
    ways = CONTAINER if rights else (f"look into {log}",)
    return ToolError(f"dockerd ended: {last}", next_step="\n    or ".join(ways))


GROUP = ("sudo usermod -aG docker $USER, then log in again (in this shell: newgrp docker)",)
ROOTLESS = (
    f"{packages.by_hand(['docker.io'])} && sudo usermod -aG docker $USER, then log in again",
    "a rootless engine: https://docs.docker.com/engine/security/rootless/",
    "an engine elsewhere: export DOCKER_HOST=ssh://user@host",
)
OTHER_LINUX = (
    "install it as https://docs.docker.com/engine/install/ says for this system, and start it",
    *ROOTLESS[1:],
)
CONTAINER = (
    "this looks like a container without the rights to run an engine: "
    "give it the host's with -v /var/run/docker.sock:/var/run/docker.sock",
    "start the container with --privileged",
    ROOTLESS[-1],
)
DESKTOP = {
    "macOS": (
        "start Docker Desktop",
        "brew install colima docker docker-buildx && colima start",
        ROOTLESS[-1],
    ),
    "WSL": (
        "start Docker Desktop with its WSL integration for this distribution",
        f"{packages.by_hand(['docker.io'])} && sudo service docker start",
    ),
    "another system": ("use Slipway on Linux, macOS or in WSL",),
}


def _desktop(seen: Observed) -> str:
    return "WSL" if seen.wsl else "macOS" if seen.system == "darwin" else "another system"


def _start_or_unset(chosen: str) -> tuple[str, ...]:
    name = chosen.partition("=")[0]
    return (f"start that engine, or choose this machine's: {CHOSEN_BY[name]}",)


CHOSEN_BY = {
    "DOCKER_HOST": "unset DOCKER_HOST",
    "DOCKER_CONTEXT": "unset DOCKER_CONTEXT",
    "context": "docker context use default",
}


def _chosen() -> str:
    """The engine that the environment or docker's configuration names; "" for the usual one."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        if os.environ.get(name):
            return f"{name}={os.environ[name]}"
    folder = os.environ.get("DOCKER_CONFIG") or tools.home() / ".docker"
    try:
        context = json.loads((Path(folder) / "config.json").read_text()).get("currentContext")
    except (OSError, ValueError, AttributeError):
        return ""
    return f"context={context}" if context and context != "default" else ""


def _dockerd() -> list[Path]:
    return tools.executables("dockerd", also=SBIN)


def _start(checkout: Checkout, runner: Runner, sleep: Callable[[float], None]) -> None:
    how = packages.rights(runner)
    if SYSTEMD.is_dir():
        runner.run(as_root(how, "systemctl", "enable", "--now", "docker"))
        _wait(runner, lambda: None, sleep)
        return
    log = _log(checkout)
    began = log.stat().st_size if log.exists() else 0
    dockerd = _dockerd() or [Path("dockerd")]
    if is_stale(PID_FILE):
        runner.run(as_root(how, "rm", "-f", PID_FILE))
    pid = runner.start(as_root(how, dockerd[0]), log=log)
    _wait(runner, lambda: _ended(pid, log, began), sleep)


def is_stale(file: Path, processes: Path = Path("/proc")) -> bool:
    """Whether a dockerd that was killed left its pid file, and another process has that number.

    A dockerd that begins would take that one for a dockerd, and give up.
    """
    try:
        stat = (processes / file.read_text().strip() / "stat").read_text()
    except OSError:
        return False
    name, _, rest = stat.partition("(")[2].rpartition(")")
    return name != "dockerd" or rest.split()[0] == "Z"


def _log(checkout: Checkout) -> Path:
    return (LOGS if os.access(LOGS, os.W_OK) else checkout.work) / "dockerd.log"


def _wait(
    runner: Runner, died: Callable[[], ToolError | None], sleep: Callable[[float], None]
) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while True:
        answer = ask(runner)
        # Not open to this user is an answer, too: the look afterwards says what to do.
        if answer.code == 0 or "permission denied" in answer.output:
            return
        if error := died():
            raise error
        if time.monotonic() > deadline:
            said = answer.output.strip()
            raise ToolError(f"dockerd does not answer after {ANSWERS_WITHIN:.0f} s: {said}")
        sleep(0.5)


def _ended(pid: int, log: Path, began: int) -> ToolError | None:
    """Why the process ended, if it did; our own child stays a zombie until it is waited for."""
    try:
        if os.waitpid(pid, os.WNOHANG) == (0, 0):
            return None
    except ChildProcessError:
        return None
    return why_it_died(log.read_bytes()[began:].decode(errors="replace"), log)
