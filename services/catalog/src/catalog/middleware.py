"""What happens around each request, in one layer: ids, limits, headers, a log line, metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from typing import Any

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog import correlation, logs, problems
from catalog.health import Readiness
from catalog.metrics import Metrics
from catalog.settings import Settings

Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
]
"""What OWASP asks of every answer of an API, beside the next two."""
NOTHING_TO_RUN = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
CLOSE = (b"connection", b"close")

PROBES = ("/health", "/ready", "/metrics")


class Edge:
    """The outermost layer; a single one, because each costs every request."""

    def __init__(
        self, app: ASGIApp, settings: Settings, readiness: Readiness, metrics: Metrics
    ) -> None:
        self.app = app
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        self.access = logs.Access(settings)
        self.probes = {place + probe for probe in PROBES for place in ("", settings.route_path)}
        self.docs = f"{settings.route_path}/docs"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        ids = correlation.correlate(scope["headers"])
        correlation.current.set(ids)
        exchange = Exchange(send, self._headers(scope, ids.request_id), self.readiness)
        try:
            await self._answer(scope, receive, exchange)
        finally:
            self._note(scope, ids, exchange.status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        limit = self.settings.body_bytes
        length = _length(scope["headers"])
        if length > limit:
            too_large = problems.answer(413, _too_large(limit), {"Connection": "close"})
            await too_large(scope, receive, exchange.send)
            return
        if length < 0:
            receive = counted(receive, limit)
        exchange.begin(self.settings.request_seconds)
        try:
            await self.app(scope, receive, exchange.send)
        except asyncio.CancelledError:
            if exchange.status or not exchange.late:
                raise
            await problems.answer(503, "this took too long")(scope, receive, exchange.send)
        except Exception:
            if not exchange.status:
                await problems.answer(500)(scope, receive, exchange.send)
            raise  # the server logs it
        finally:
            exchange.timer.cancel()

    def _headers(self, scope: Scope, request_id: str) -> Headers:
        headers = [*SECURITY, (b"x-request-id", request_id.encode())]
        if scope["path"] != self.docs:  # its page loads scripts
            headers.append(NOTHING_TO_RUN)
        if scope["scheme"] == "https":
            headers.append(HTTPS_ONLY)
        return headers

    def _note(
        self, scope: Scope, ids: correlation.Correlation, status: int, seconds: float
    ) -> None:
        probe = scope["path"] in self.probes
        if not probe:
            self.metrics.note(_handler(scope), scope["method"], status, seconds)
        self.access.line(
            "debug" if probe else "info",
            ids,
            method=scope["method"],
            path=scope["path"],
            status=status,
            duration_ms=round(seconds * 1000, 2),
        )


class Exchange:
    """One request's answer: its status once it has begun, before that 0."""

    timer: asyncio.TimerHandle

    def __init__(self, send: Send, headers: Headers, readiness: Readiness) -> None:
        self._send = send
        self._headers = headers
        self._readiness = readiness
        self.status = 0
        self.late = False

    def begin(self, seconds: float) -> None:
        """Cancel the present task when no answer has begun in time."""
        # `asyncio.timeout` does this too, and takes seven times as long for it.
        task = asyncio.current_task()
        self.timer = asyncio.get_running_loop().call_later(seconds, self._end, task)

    def _end(self, task: asyncio.Task[Any] | None) -> None:
        if task and not self.status:
            self.late = task.cancel()

    def send(self, message: Message) -> Awaitable[None]:
        """Pass the answer on with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
            if self._readiness.draining:
                # A connection that is closed while idle loses the request a client just sends.
                message["headers"].append(CLOSE)
        return self._send(message)


def counted(receive: Receive, limit: int) -> Receive:
    """A body without a length, which is refused once it is larger than `limit` bytes."""
    size = 0

    async def receive_counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413, _too_large(limit), {"Connection": "close"})
        return message

    return receive_counted


def _too_large(limit: int) -> str:
    return f"the body may have {limit} bytes"


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The body's length; 0 without one, -1 where its sender does not say."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return -1
    return 0


def _handler(scope: Scope) -> str:
    """The route's template; paths themselves would make a series each."""
    return getattr(scope.get("route"), "path", "none")
