"""Telling the embedded AWS of a rehearsal what to do wrong, and ending a deploy from outside."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from slipway import signals
from slipway.command import Command, command
from slipway.errors import ToolError
from slipway.rehearse.recorder import BEGIN
from slipway.release.world import Built
from slipway.runner import Runner

PATH = "/_slipway/faults"
MIDDLE = 2.0
"""Seconds after the rollout began until the deploy is killed: it has asked, and waits."""

LONGEST = 900.0
"""Seconds until a deploy has to have come to its rollout."""


@contextmanager
def going_wrong(endpoint: str, faults: Mapping[str, object]) -> Iterator[None]:
    """Have these faults meanwhile; none of them for an empty mapping."""
    if not faults:
        yield
        return
    tell(endpoint, faults)
    try:
        yield
    finally:
        tell(endpoint, {})


def tell(endpoint: str, faults: Mapping[str, object]) -> None:
    """Have exactly these faults from now on. Raises `ToolError` where nobody answers."""
    body = json.dumps(faults).encode()
    request = Request(endpoint + PATH, data=body, method="POST")  # noqa: S310  # loopback
    try:
        # A proxy of the environment has no business with loopback.
        with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
            answer.read()
    except (URLError, OSError) as error:
        raise ToolError(f"the embedded AWS takes no faults: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Errand:
    """The deploy of one image in a process of its own."""

    root: str
    environment: str
    service: str
    port: int
    clock: float
    built: Built

    def text(self) -> str:
        return json.dumps(asdict(self))


def child(errand: Errand) -> Command:
    """The deploy as a command."""
    return command(
        sys.executable, "-m", "slipway.rehearse.child", errand.text(), cwd=Path(errand.root)
    )


def killed(runner: Runner, errand: Errand, log: Path) -> bool:
    """Begin the deploy, and kill it in the middle of its rollout; False where it ended before."""
    pid = runner.start(child(errand), log=log)
    try:
        return _came_to_its_rollout(pid, log)
    finally:
        if not _ended(pid):
            os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _came_to_its_rollout(pid: int, log: Path) -> bool:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if f"{BEGIN} rollout" in log.read_text(errors="replace"):
            signals.sleep(MIDDLE)
            return not _ended(pid)
        if _ended(pid):
            return False
        signals.sleep(0.2)
    return False


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True
