"""What the containers of drills run: real programs, tried for real where that is quick."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from slipway.rehearse import programs
from slipway.rehearse.stage import free_port


def test_a_program_travels_in_the_image_itself() -> None:
    """One line of JSON, so that no file is needed, and nothing has to be quoted."""
    text = programs.dockerfile("registry/greeter:1", "1-crash", 'print("a\nb")')
    lines = text.splitlines()
    assert lines[:3] == [
        "FROM registry/greeter:1", "ENV SERVICE_VERSION=1-crash", "ENTRYPOINT []"
    ]  # fmt: skip
    assert json.loads(lines[3].removeprefix("CMD ")) == ["python", "-c", 'print("a\nb")']


def test_the_same_service_under_another_version_keeps_its_command() -> None:
    """Nothing but the version differs."""
    assert programs.dockerfile("a:1", "1-again") == "FROM a:1\nENV SERVICE_VERSION=1-again\n"


@pytest.mark.tools
def test_a_crash_says_why_and_ends_with_one() -> None:
    """So that the cause that is named can be told from others."""
    done = subprocess.run(
        [sys.executable, "-c", programs.CRASH], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (1, programs.LAST_WORDS)


@pytest.mark.tools
def test_a_late_start_becomes_the_real_program() -> None:
    """The same process, with the arguments of the image."""
    code = programs.late([sys.executable, "-c", "print('real')"], 0.1)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "real\n"


@contextmanager
def running(code: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server program on a port of its own."""
    port = free_port()
    env = {"PORT": str(port), "SERVICE_NAME": "greeter", "SERVICE_VERSION": "1-x"}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            for _ in range(200):
                try:
                    ask(port)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield process, port
        finally:
            process.kill()


def ask(port: int, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/greeter/health", headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


CLIENT = {"X-Forwarded-For": "10.0.0.1"}


@pytest.mark.tools
def test_health_checks_and_clients_are_told_apart() -> None:
    """By the header that a load balancer gives the requests of clients alone."""
    with running(programs.server(routed=500)) as (_, port):
        assert ask(port) == (200, {"status": "ok", "service": "greeter", "version": "1-x"})
        assert ask(port, CLIENT)[0] == 500


@pytest.mark.tools
def test_a_slow_server_finishes_what_is_under_way_at_its_end() -> None:
    """TERM ends it, and no request."""
    with running(programs.server(seconds=1, every=1, drain=0.2)) as (process, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/greeter/health", headers=CLIENT)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert connection.getresponse().status == 200
        assert process.wait(timeout=10) == 0
        connection.close()


@pytest.mark.tools
def test_only_some_clients_wait() -> None:
    """An alarm about the latency of 95 % of the requests must not be raised by them."""
    with running(programs.server(seconds=0.5)) as (_, port):
        times = []
        for _ in range(60):
            began = time.monotonic()
            ask(port, CLIENT)
            times.append(time.monotonic() - began)
    assert sum(each > 0.45 for each in times) == 2
