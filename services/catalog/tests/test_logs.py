"""Structured logs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from catalog import logs

Lines = Callable[[str], list[dict[str, Any]]]
TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_line_for_each_request(lines: Lines, client: TestClient) -> None:
    """A request is one JSON object that can be found by the ids that the caller sent."""
    ids = {"X-Request-ID": "order-7", "Traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    client.get("/v1/hello/Ada", headers=ids)
    (line,) = lines("request")
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp").endswith("Z")
    assert len(line.pop("span_id")) == 16
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "catalog.access",
        "method": "GET",
        "path": "/v1/hello/Ada",
        "request_id": "order-7",
        "service": "catalog",
        "status": 200,
        "trace_id": TRACE,
        "version": "1.2.3",
    }


def test_probes_are_quiet(lines: Lines, client: TestClient) -> None:
    """Health checks, several a minute and task, don't bury the log."""
    client.get("/health")
    assert lines("request") == []


def test_a_crash_is_logged_as_a_500(lines: Lines, app: FastAPI) -> None:
    """The access log has requests that the app failed to answer, and its lines their id."""

    @app.get("/crash")
    async def crash() -> None:
        logs.get("shop").warning("about to crash")
        raise RuntimeError

    client = TestClient(app, raise_server_exceptions=False)
    answer = client.get("/crash")
    (line,) = lines("request")
    (before,) = lines("about to crash")
    assert line["status"] == 500
    assert line["request_id"] == before["request_id"] == answer.headers["X-Request-ID"]


def test_the_standard_library_speaks_json_too(lines: Lines) -> None:
    """Libraries' records, their extras and tracebacks are lines of the same shape."""
    try:
        raise ValueError("no good")
    except ValueError:
        logging.getLogger("library").exception("it %s", "broke", extra={"order": 7})
    (line,) = lines("it broke")
    assert (line["level"], line["logger"], line["order"]) == ("error", "library", 7)
    assert "ValueError: no good" in line["exception"]


def test_anything_can_be_logged(lines: Lines) -> None:
    """A line is there for when things go wrong, so no value of its own may break it."""
    logs.get("shop").info("odd", path="\udcff", number=2**70, thing=object(), keys={1: "one"})
    (line,) = lines("odd")
    assert line["number"] == 2**70
    assert line["thing"].startswith("<object")
