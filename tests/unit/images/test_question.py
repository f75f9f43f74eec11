"""What is asked inside a container on trial, here against servers of this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from slipway.command import command
from slipway.images import question
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.tools

ELSEWHERE = "127.0.0.2"


@contextmanager
def server(*statuses: int, host: str = "127.0.0.1") -> Iterator[int]:
    """A server that answers with each status in turn, then with the last; its port."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.end_headers()

        def log_message(self, *words: object) -> None:
            return

    httpd = HTTPServer((host, 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield httpd.server_port
    finally:
        httpd.shutdown()
        httpd.server_close()


def test_a_200_is_fine() -> None:
    """And nothing else is said."""
    with server(200) as port:
        assert question.insist("127.0.0.1", port, "/health", 2) == question.FINE


def test_it_is_asked_again_until_it_is_fine() -> None:
    """A service may need a moment."""
    with server(503, 503, 200) as port:
        assert question.insist("127.0.0.1", port, "/health", 5) == question.FINE


def test_a_redirect_is_no_200() -> None:
    """The load balancer's health check follows none either."""
    with server(307) as port:
        assert question.insist("127.0.0.1", port, "/health", 0.1) == "/health answers 307"


def test_silence_is_told_with_its_reason() -> None:
    """Nobody listens there."""
    with server(200) as port:
        pass
    said = question.insist("127.0.0.1", port, "/health", 0.1)
    assert said == f"no answer on port {port} ([Errno 111] Connection refused)"


def test_a_service_for_itself_alone_is_found_out() -> None:
    """It answers on loopback, and not at the address that others use."""
    with server(200) as port:
        said = question.insist(ELSEWHERE, port, "/health", 0.1)
    assert said == f"it listens on 127.0.0.1:{port} only, and has to on 0.0.0.0:{port}"


def test_it_runs_as_a_script_without_our_packages() -> None:
    """As the container's Python gets it."""
    text = Path(question.__file__).read_text()
    script = command("python3", "-I", "-S", "-c", text, "1", "/health", "0.1")
    assert SubprocessRunner().run(script).stdout.startswith("no answer on port 1 ")
