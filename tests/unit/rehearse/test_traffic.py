"""Steady requests, against a small real server on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from slipway.rehearse.traffic import Wish, traffic, version_in, wishes
from tests.samples import make_service

pytestmark = pytest.mark.tools

VERSION = b'{"status": "ok", "version": "v1"}'
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(VERSION), VERSION)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"10\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (VERSION[:16], len(VERSION) - 16, VERSION[16:])
)
WRONG = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def serving(answer: Callable[[bytes], bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that gives each request's head to `answer`; an empty answer breaks off."""
    heads: list[bytes] = []

    def one(connection: socket.socket) -> None:
        with connection:
            while head := connection.recv(4096):
                heads.append(head)
                text = answer(head)
                if not text:
                    return
                connection.sendall(text)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], heads


def asked(port: int, seconds: float = 1.0, rate: float = 100) -> list[tuple[str, str]]:
    """Version and problem of every request of a while."""
    service = make_service(smoke=[{"path": "/hello", "status": 503, "json": {}}])
    with traffic(f"http://127.0.0.1:{port}/greeter", service, rate).flowing() as asking:
        time.sleep(seconds)
    return [(each.version, each.problem) for each in asking.samples]


def answer(head: bytes) -> bytes:
    return GOOD if b"/greeter/health" in head else WRONG


def test_health_and_smoke_paths_are_asked_at_a_steady_rate() -> None:
    """Half of the clients keep their connection; a status is right that the manifest declares."""
    with serving(answer) as (port, heads):
        found = asked(port)
    assert 60 <= len(found) <= 140
    assert set(found) == {("v1", ""), ("", "")}
    kinds = {b"close" in head for head in heads}
    paths = {head.split()[1] for head in heads}
    assert kinds == {True, False}
    assert paths == {b"/greeter/health", b"/greeter/hello"}


def test_chunked_answers_are_read_too() -> None:
    """The version is in them as well."""
    with serving(lambda head: CHUNKED if b"/health" in head else WRONG) as (port, _):
        assert set(asked(port)) == {("v1", ""), ("", "")}


def test_another_status_and_a_broken_connection_are_failures() -> None:
    """Each is told by its name."""
    with serving(lambda head: WRONG if b"/health" in head else b"") as (port, _):
        assert {problem for _, problem in asked(port)} == {"503", "IncompleteReadError"}


def test_nonsense_is_a_failure_and_no_end() -> None:
    """Traffic that stopped at the first strange answer would see no failure any more."""
    with serving(lambda head: b"nonsense\r\n\r\n") as (port, _):
        found = asked(port, 0.5)
    assert len(found) > 30
    assert {problem for _, problem in found} == {"IndexError"}


def test_nobody_listening_is_a_failure_and_no_end() -> None:
    """Asked again and again."""
    with socket.socket() as silent:
        # Bound, so that nobody else listens there meanwhile.
        silent.bind(("127.0.0.1", 0))
        found = asked(silent.getsockname()[1], 0.5)
    assert len(found) > 20
    assert {problem for _, problem in found} == {"ConnectionRefusedError"}


def test_what_is_asked_is_below_the_route() -> None:
    """Each path once; a service for everything has no prefix."""
    service = make_service(smoke=[{"path": "/health", "status": 200, "json": {}}])
    assert wishes("/greeter", service) == (Wish(path="/greeter/health"),)
    assert wishes("/", service) == (Wish(path="/health"),)


def test_a_version_is_only_in_json_objects() -> None:
    """Every other answer tells none."""
    assert version_in(b'{"version": "3"}') == "3"
    for text in (b"", b"[1]", b"<html>", b"\xff", b"{}"):
        assert version_in(text) == ""
