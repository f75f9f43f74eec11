"""The HTTP server, and how it ends without losing a request.

On TERM the service keeps serving for `drain_seconds`, because load balancers go on sending
requests for a moment; then it stops listening and gives what is in flight `graceful_seconds`.
A second signal skips the first wait.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from types import FrameType

import uvicorn
from fastapi import FastAPI

from catalog import logs
from catalog.app import create_app
from catalog.settings import Settings, load

log = logs.get(__name__)


class Server(uvicorn.Server):
    """Uvicorn with a pause between the signal and the end of listening."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self.app = app
        self.drain_seconds = drain_seconds
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, *args: object, **kwargs: object) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(*args, **kwargs)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Uvicorn's signal handler."""
        draining = self.app.state.readiness.draining
        self.app.state.readiness.draining = True
        if self.loop is None or draining or not self.drain_seconds:
            self.should_exit = True
            return
        # A signal comes in the middle of anything: only this wakes a sleeping loop, and only an
        # empty context keeps the id of whatever request was interrupted out of our log line.
        self.loop.call_soon_threadsafe(self._drain, context=Context())

    def _drain(self) -> None:
        assert self.loop  # noqa: S101
        log.info("draining", seconds=self.drain_seconds)
        self.loop.call_later(self.drain_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


def build(app: FastAPI, settings: Settings) -> Server:
    """A server for `app`, not yet running."""
    config = uvicorn.Config(
        app,
        host="0.0.0.0",  # noqa: S104 - a container is reached by its address
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing but the load balancer reaches the port, so what it says of clients is true.
        proxy_headers=True,
        forwarded_allow_ips="*",
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.graceful_seconds,
    )
    return Server(config, app, settings.drain_seconds)


def main() -> int:
    """Serve until a signal; the exit code."""
    settings = load()
    logs.configure(settings)
    service = build(create_app(settings), settings)
    service.run()
    return 0 if service.started else 1
