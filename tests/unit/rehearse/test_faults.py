"""Telling the embedded AWS what to do wrong, and killing a deploy in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from slipway.command import command
from slipway.errors import ToolError
from slipway.model import ImageRef
from slipway.rehearse import faults
from slipway.rehearse.stage import free_port
from slipway.release.world import Built
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.tools

ERRAND = faults.Errand(
    root="/tmp",
    environment="prod",
    service="greeter",
    port=1,
    clock=2,
    built=Built(ref=ImageRef(repository="r", tag="t", digest="sha256:1"), commit="c", dirty=False),
)


@contextmanager
def control() -> Iterator[tuple[str, list[Any]]]:
    """A server that notes the faults that it is told."""
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()


def test_faults_end_however_the_rollout_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout that fails must not leave them to the way back. No proxy is asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    def fail() -> None:
        with control() as (endpoint, told):
            try:
                with faults.going_wrong(endpoint, {"throttle": 0.3}):
                    assert told == [(faults.PATH, {"throttle": 0.3})]
                    raise ValueError
            finally:
                assert told[1:] == [(faults.PATH, {})]

    with pytest.raises(ValueError):
        fail()


def test_no_faults_need_nobody() -> None:
    """Most drills have none."""
    with faults.going_wrong("http://127.0.0.1:1", {}):
        pass


def test_nobody_to_tell_is_an_error() -> None:
    """A drill without its fault would say nothing."""
    with pytest.raises(ToolError, match="takes no faults"):
        faults.tell(f"http://127.0.0.1:{free_port()}", {"throttle": 0.3})


@pytest.mark.parametrize(
    ("code", "middle"),
    [
        ("print('▸ rollout', flush=True); import time; time.sleep(60)", True),
        ("print('▸ rollout', flush=True)", False),
        ("print('error: no', flush=True)", False),
    ],
)
def test_a_deploy_is_killed_in_its_rollout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, middle: bool
) -> None:
    """One that ended before can't be; either way nothing of it runs any more."""
    pids: list[int] = []

    class Runner(SubprocessRunner):
        def start(self, command: Any, *, log: Path) -> int:
            pids.append(super().start(command, log=log))
            return pids[-1]

    monkeypatch.setattr(faults, "MIDDLE", 0.5)
    env = {"PYTHONIOENCODING": "utf-8"}
    monkeypatch.setattr(faults, "child", lambda _: command(sys.executable, "-c", code, env=env))
    began = time.monotonic()
    assert faults.killed(Runner(), ERRAND, tmp_path / "log") is middle
    assert time.monotonic() - began < 30
    found = subprocess.run(["ps", "-p", str(pids[0])], capture_output=True, check=False)
    assert found.returncode == 1


def test_the_errand_is_one_argument() -> None:
    """Run in the stage, by this very Python."""
    made = faults.child(ERRAND)
    assert made.argv[:3] == (sys.executable, "-m", "slipway.rehearse.child")
    assert json.loads(made.argv[3])["built"]["ref"]["tag"] == "t"
    assert made.cwd == Path("/tmp")
