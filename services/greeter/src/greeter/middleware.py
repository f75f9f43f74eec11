"""What happens around each request: a log line, and goodbye to clients while draining."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greeter.health import Readiness

log = structlog.stdlib.get_logger("greeter.access")

PROBES = ("/health", "/ready", "/metrics")


class AccessLog:
    """One line for each request, with its status and time in ms; probes at debug level."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500  # what the client gets where the app raises before it answers

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            write = log.debug if scope["path"].endswith(PROBES) else log.info
            elapsed = round((time.perf_counter() - began) * 1000, 2)
            write(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                duration_ms=elapsed,
            )


class CloseWhileDraining:
    """Asks clients to close their connection once TERM came.

    An idle connection that is closed under a client loses the request it is just sending.
    """

    def __init__(self, app: ASGIApp, readiness: Readiness) -> None:
        self.app = app
        self.readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def close(message: Message) -> None:
            if message["type"] == "http.response.start" and self.readiness.draining:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self.app(scope, receive, close)
