"""The embedded AWS of this checkout: start, stop, look, forget.

It is a program of its own with an environment of its own (`src/embedded_aws`). Here are only the
commands that start and stop it, and the question whether it answers.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from slipway.command import Command, command
from slipway.console import Console
from slipway.contained.mode import mode
from slipway.errors import ToolError
from slipway.paths import Checkout
from slipway.portowner import owner
from slipway.runner import Runner
from slipway.startlock import alone

if TYPE_CHECKING:
    from slipway.config import Local

SERVICE = "slipway-embedded-aws"
HEALTH = "/_slipway/health"
START = 60.0
"""Seconds to answer after the start; one machine needed 0.6."""
LONGEST_LOG = 5_000_000
"""Bytes after which a log is put aside at the next start."""


@dataclass(frozen=True, kw_only=True)
class LocalStatus:
    """What runs, as `local.status` shows it; `started` is seconds since the epoch.

    It has a `pid` as a process of this machine, else the name of its `container`.
    """

    running: bool
    endpoint: str
    log: str
    pid: int = 0
    started: float = 0.0
    container: str = ""
    current: bool = True
    engine: str = ""
    tasks: int = 0
    load_balancers: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Foreign(Exception):
    """Something answers on our port that is no embedded AWS."""


def address(local: Local) -> str:
    """The endpoint URL, whether anything answers there or not."""
    return f"http://127.0.0.1:{local.port}"


def folder(checkout: Checkout) -> Path:
    return checkout.work / "embedded"


def log_path(checkout: Checkout) -> Path:
    return folder(checkout) / "log"


def python(checkout: Checkout) -> Path:
    return checkout.embedded_project / ".venv" / "bin" / "python"


def environment_ready(checkout: Checkout) -> bool:
    """Whether `setup` has made the environment that it runs in."""
    return python(checkout).exists()


def up(checkout: Checkout, local: Local, runner: Runner, console: Console) -> str:
    """Start it unless it runs; return the endpoint URL once it answers.

    Raises `ToolError` where it can't start: port taken, no engine, no environment.
    """
    found = endpoint(checkout, local)
    if not found:
        with alone(folder(checkout), console, look=checkout.shown(log_path(checkout))):
            # Another `up` may have started it while we waited for our turn.
            found = endpoint(checkout, local) or _start(checkout, local, runner, console)
    elif not status(checkout, local).current:
        console.warn("the embedded AWS that runs is older than its code; to renew it:")
        console.line("  uv run invoke local.down local.up")
    return found


def endpoint(checkout: Checkout, local: Local) -> str | None:
    """The endpoint URL if our instance answers there; starts nothing.

    Raises `ToolError` where somebody else answers, or ours runs on another port.
    """
    health = _health(checkout, local)
    if health is None:
        _refuse_other_port(checkout, local)
        return None
    if Path(health["checkout"]) != checkout.root.resolve():
        where = health.get("container") or f"pid {health['pid']}"
        who = f"the embedded AWS of {health['checkout']} ({where})"
        raise _taken(local, who)
    return address(local)


def down(checkout: Checkout, local: Local, runner: Runner) -> None:
    """Stop it and its containers, state saved; fine where it does not run."""
    if folder(checkout).exists():
        runner.run(_verb("stop", checkout, local))


def reset(checkout: Checkout, local: Local, runner: Runner) -> None:
    """Stop it and forget everything: resources, images, objects, Terraform's state in it."""
    if folder(checkout).exists():
        runner.run(_verb("forget", checkout, local))


def status(checkout: Checkout, local: Local) -> LocalStatus:
    """What runs; raises as `endpoint` does."""
    log = checkout.shown(log_path(checkout))
    health = _health(checkout, local) if endpoint(checkout, local) else None
    if health is None:
        return LocalStatus(running=False, endpoint=address(local), log=log)
    return LocalStatus(
        running=True,
        endpoint=address(local),
        log=log,
        pid=0 if health.get("container") else health["pid"],
        started=health["started"],
        container=health.get("container", ""),
        current=health["version"] == _source_version(checkout),
        engine=health["engine"],
        tasks=health["tasks"],
        load_balancers=health["load_balancers"],
        problems=health["problems"],
    )


def ask(url: str, timeout: float = 5.0) -> Any:
    """The JSON that `url` answers, or None where nobody listens; raises `Foreign` for others."""
    from urllib.request import ProxyHandler, build_opener

    try:
        # A proxy of the environment has no business with loopback.
        with build_opener(ProxyHandler({})).open(url, timeout=timeout) as response:
            return json.load(response)
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return None
        raise Foreign(str(error)) from error
    except (OSError, ValueError) as error:
        raise Foreign(str(error)) from error


def _health(checkout: Checkout, local: Local) -> dict[str, Any] | None:
    # One that ends just now, or is very busy, may fail to answer once.
    for pause in (0.5, 0.0):
        try:
            answer = ask(address(local) + HEALTH)
            if answer is None or answer["service"] == SERVICE:
                return answer  # type: ignore[no-any-return]
        except (Foreign, KeyError, TypeError):
            time.sleep(pause)
    if noted(checkout).get("port") == local.port:
        # Ours, on its way: the engine answers for a container that is not yet there, or no more.
        return None
    raise _taken(local, owner(local.port) or "another program")


def _taken(local: Local, who: str) -> ToolError:
    return ToolError(
        f"port {local.port} is taken by {who}",
        next_step=f"stop it, or choose another: SLIPWAY_LOCAL_PORT={local.port + 1}, or "
        f"port = {local.port + 1} under [local] in slipway.toml",
    )


def _refuse_other_port(checkout: Checkout, local: Local) -> None:
    """Two instances on one state folder would overwrite each other's state."""
    port = noted(checkout).get("port", local.port)
    if port != local.port:
        raise ToolError(
            f"the embedded AWS of this checkout runs on port {port}, not {local.port}",
            next_step="uv run invoke local.down",
        )


def noted(checkout: Checkout) -> dict[str, int]:
    """Process and port of the instance of this checkout; empty where that process is gone."""
    try:
        found = json.loads((folder(checkout) / "pid").read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(found)


def _program(checkout: Checkout, local: Local, runner: Runner, console: Console) -> Command:
    """What to start: the program itself, or a container with it."""
    if not environment_ready(checkout):
        shown = checkout.shown(checkout.embedded_project)
        raise ToolError(
            f"the embedded AWS is not installed: {shown}/.venv is missing",
            next_step="uv run invoke setup",
        )
    if mode(local, runner) == "process":
        return _verb("serve", checkout, local)
    from slipway.contained.run import prepare

    return prepare(checkout, local, folder(checkout), runner, console, _engine_host())


def _start(checkout: Checkout, local: Local, runner: Runner, console: Console) -> str:
    program, log = _program(checkout, local, runner, console), log_path(checkout)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_name("log.1"))
    pid = runner.start(program, log=log)
    if not pid:
        # A dry run starts nothing and has nothing to wait for.
        return address(local)
    # A process writes the same itself; a container can't, it has other numbers.
    note = json.dumps({"pid": pid, "port": local.port})
    (folder(checkout) / "pid").write_text(note)
    return _wait(pid, checkout, local)


def _wait(pid: int, checkout: Checkout, local: Local) -> str:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if found := endpoint(checkout, local):
            return found
        if _ended(pid):
            raise ToolError(
                f"the embedded AWS did not start: {_last_words(checkout)}",
                next_step="uv run invoke doctor",
            )
        time.sleep(0.1)
    raise ToolError(
        f"the embedded AWS (pid {pid}) does not answer after {START:.0f} s",
        next_step=f"look into {checkout.shown(log_path(checkout))}",
    )


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True


def _last_words(checkout: Checkout) -> str:
    """The last error in the log, or simply its last line."""
    lines = log_path(checkout).read_text(errors="replace").strip().splitlines() or ["no word"]
    errors = [line for line in lines[-20:] if line.startswith(("error: ", "docker: "))]
    return (errors or lines)[-1].removeprefix("error: ").removeprefix("docker: ")


def _verb(verb: str, checkout: Checkout, local: Local) -> Command:
    # No credentials of a real account, and no endpoint of another, are its business.
    env: dict[str, str | None] = {name: None for name in os.environ if name.startswith("AWS_")}
    if host := _engine_host():
        # The program knows nothing of docker's contexts.
        env["DOCKER_HOST"] = host
    return command(
        python(checkout),
        *("-m", "embedded_aws", verb),
        f"--port={local.port}",
        f"--folder={folder(checkout)}",
        f"--checkout={checkout.root}",
        env={**env, "PYTHONPATH": None, "PYTHONUNBUFFERED": "1"},
        cwd=checkout.embedded_project.parent,
        mutates=True,
    )


def _engine_host() -> str:
    """The address of the engine that `docker` uses; empty for the usual one."""
    from slipway.engine import DockerEngine

    return DockerEngine().host


def _source_version(checkout: Checkout) -> str:
    from embedded_aws.version import source_version

    return source_version(checkout.embedded_project)
