"""Structured logs and request ids."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from greeter import logs
from greeter.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]
REQUEST_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log as in production; gives the lines with an event, in their order."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(Settings(service_version="1.2.3"))
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)

    def having(event: str) -> list[dict[str, Any]]:
        every = [json.loads(line) for line in written.getvalue().splitlines()]
        return [line for line in every if line["event"] == event]

    yield having
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_for_each_request(client: TestClient, lines: Lines) -> None:
    """A request is one JSON object that can be found by the id that the caller sent."""
    client.get("/hello/Ada", headers={"X-Request-ID": REQUEST_ID})
    (line,) = lines("request")
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "greeter.access",
        "method": "GET",
        "path": "/hello/Ada",
        "request_id": REQUEST_ID,
        "service": "greeter",
        "status": 200,
        "version": "1.2.3",
    }


def test_a_request_gets_an_id(client: TestClient) -> None:
    """Callers without an id are given one; what is no id is replaced, never logged."""
    first = client.get("/").headers["X-Request-ID"]
    second = client.get("/", headers={"X-Request-ID": "no\tid"}).headers["X-Request-ID"]
    assert len(first) == len(second) == 32
    assert first != second


def test_probes_are_quiet(client: TestClient, lines: Lines) -> None:
    """Health checks, several a minute and task, don't bury the log."""
    client.get("/health")
    assert lines("request") == []


def test_the_standard_library_speaks_json_too(lines: Lines) -> None:
    """Libraries' records, their extras and tracebacks are lines of the same shape."""
    try:
        raise ValueError("no good")
    except ValueError:
        logging.getLogger("library").exception("it %s", "broke", extra={"order": 7})
    (line,) = lines("it broke")
    assert (line["level"], line["logger"], line["order"]) == ("error", "library", 7)
    assert "ValueError: no good" in line["exception"]


def test_a_crash_is_logged_as_a_500(app: FastAPI, lines: Lines) -> None:
    """The access log has requests that the app failed to answer."""

    @app.get("/crash")
    def crash() -> None:
        raise RuntimeError

    TestClient(app, raise_server_exceptions=False).get("/crash")
    (line,) = lines("request")
    assert line["status"] == 500
