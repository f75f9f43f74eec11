"""Ending without losing a request: the real program, a real port, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI

from {{ cookiecutter.__module }} import server
from {{ cookiecutter.__module }}.settings import Settings

DRAIN = 1.0
"""Seconds; long enough for a machine that is busy with other things."""


@dataclass
class Running:
    """The program as its container runs it."""

    process: subprocess.Popen[bytes]
    url: str

    def term(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        return self.process.wait(timeout=10)


@pytest.fixture
def running() -> Iterator[Running]:
    port = _free_port()
    env = {**os.environ, "PORT": str(port), "DRAIN_SECONDS": str(DRAIN), "ROUTE_PATH": "/shop"}
    command = [sys.executable, "-m", "{{ cookiecutter.__module }}"]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        running = Running(process, f"http://127.0.0.1:{port}")
        _wait(running)
        yield running
        process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(running: Running) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            httpx2.get(f"{running.url}/health")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the service did not start")


def test_serves_on_after_term_and_says_goodbye(running: Running) -> None:
    """Requests that arrive in the draining time are served, and connections end with them."""
    with httpx2.Client(base_url=running.url) as kept:
        assert "Connection" not in kept.get("/shop").headers
        running.term()
        time.sleep(DRAIN / 5)
        answer = kept.get("/shop")
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
        assert httpx2.get(f"{running.url}/ready").status_code == 503
    assert running.end() == 0


def test_no_request_fails_under_traffic(running: Running) -> None:
    """Clients that keep connections, and leave when told to, see not one failure."""
    everyone = threading.Barrier(5, timeout=10)

    def visit(_: int) -> bool:
        with httpx2.Client(base_url=running.url, timeout=10) as kept:
            kept.get("/shop").raise_for_status()
            everyone.wait()
            while True:
                answer = kept.get("/shop/hello/Ada").raise_for_status()
                if answer.headers.get("Connection") == "close":
                    return True

    with ThreadPoolExecutor(4) as clients:
        visits = clients.map(visit, range(4))
        everyone.wait()
        running.term()
        assert all(visits)
    assert running.end() == 0


def test_a_second_signal_skips_the_wait(running: Running) -> None:
    """Whoever presses Ctrl-C twice wants it to end."""
    running.term()
    time.sleep(DRAIN / 10)
    began = time.monotonic()
    running.term()
    assert running.end() == 0
    assert time.monotonic() - began < DRAIN


def test_term_during_the_start_ends_it() -> None:
    """The first process of a container ignores TERM at first; a task may be stopped that early."""
    command = ["sh", "-c", 'trap "" TERM; exec "$0" -m {{ cookiecutter.__module }}', sys.executable]
    env = {**os.environ, "PORT": str(_free_port())}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            process.terminate()
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM


def test_uvicorn_gets_the_times(app: FastAPI) -> None:
    """Its own defaults are 5 s of keep-alive and no end to waiting for requests."""
    config = server.build(app, Settings()).config
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (75, 30)
