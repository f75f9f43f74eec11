"""The container's own health check."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from catalog import probe


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that its server was given."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(params=[200, 503])
def answering(request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    """The status and the port of a small server."""
    handler = type("Given", (Handler,), {"status": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield request.param, str(server.server_port)
        server.shutdown()


def test_follows_the_answer(answering: tuple[int, str]) -> None:
    """Healthy is 200 and nothing else."""
    status, port = answering
    assert probe.healthy(port) == (status == 200)


def test_nobody_there() -> None:
    """A service that does not listen is not healthy."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert not probe.healthy(str(unused.getsockname()[1]))
