"""Ending without losing a request: the real program, a real port, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI

from catalog import server
from catalog.settings import Settings

PATIENCE = 60.0
"""Seconds that anything may take, and the draining time of tests that must not see its end."""


@dataclass
class Running:
    """The program as its container runs it."""

    process: subprocess.Popen[bytes]
    url: str

    def term(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        return self.process.wait(timeout=PATIENCE / 2)

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=PATIENCE)


Start = Callable[[float], Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the program with a draining time (s) and waits until it serves."""
    with ExitStack() as stack:

        def run(drain: float) -> Running:
            port = _free_port()
            own = {"PORT": str(port), "DRAIN_SECONDS": str(drain), "ROUTE_PATH": "/shop"}
            env = {**os.environ, **own}
            command = [sys.executable, "-m", "catalog"]
            process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
            stack.enter_context(process)
            stack.callback(process.kill)
            return _serving(Running(process, f"http://127.0.0.1:{port}"))

        yield run


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serving(running: Running) -> Running:
    deadline = time.monotonic() + PATIENCE
    with running.client() as client:
        while time.monotonic() < deadline and running.process.poll() is None:
            with suppress(httpx2.TransportError):
                client.get("/health").raise_for_status()
                return running
            time.sleep(0.05)
    pytest.fail("the service did not start")


def _draining(running: Running, client: httpx2.Client) -> None:
    """Send TERM and wait until it has arrived."""
    running.term()
    while client.get("/ready").status_code == 200:
        time.sleep(0.01)


def test_serves_on_after_term_and_says_goodbye(start: Start) -> None:
    """Requests that arrive in the draining time are served, and connections end with them."""
    running = start(PATIENCE)
    with running.client() as client:
        assert "Connection" not in client.get("/shop").headers
        _draining(running, client)
        answer = client.get("/shop")
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")


def test_ends_when_the_draining_time_is_over(start: Start) -> None:
    """It then ends by itself, and well."""
    running = start(0.2)
    running.term()
    assert running.end() == 0


def test_a_second_signal_skips_the_wait(start: Start) -> None:
    """Whoever presses Ctrl-C twice wants it to end."""
    running = start(PATIENCE)
    with running.client() as client:
        _draining(running, client)
    running.term()
    assert running.end() == 0


def test_no_request_fails_under_traffic(start: Start) -> None:
    """Clients that keep connections, and leave when told to, see not one failure."""
    running = start(PATIENCE)
    everyone = threading.Barrier(5, timeout=PATIENCE)

    def visit(_: int) -> bool:
        with running.client() as client:
            client.get("/shop").raise_for_status()
            everyone.wait()
            while True:
                answer = client.get("/shop").raise_for_status()
                if answer.headers.get("Connection") == "close":
                    return True

    with ThreadPoolExecutor(4) as clients:
        visits = clients.map(visit, range(4))
        everyone.wait()
        running.term()
        assert all(visits)


def test_term_during_the_start_ends_it() -> None:
    """The first process of a container ignores TERM at first; a task may be stopped that early."""
    script = 'trap "" TERM; echo; exec "$0" -m catalog'
    env = {**os.environ, "PORT": str(_free_port())}
    command = ["sh", "-c", script, sys.executable]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            process.terminate()
        process.kill()
    # The second of them where a further TERM came while Python was ending.
    assert process.returncode in (128 + signal.SIGTERM, -signal.SIGTERM)


def test_uvicorn_gets_the_times(app: FastAPI) -> None:
    """Its own defaults are 5 s of keep-alive and no end to waiting for requests."""
    config = server.build(app, Settings()).config
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (75, 30)
