"""The process: MiniStack's application with our additions around it, on one port."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import signal
import time
from typing import IO, Any

from embedded_aws import HEALTH_PATH, SERVICE_NAME, engine, faults
from embedded_aws.contained.own import Front
from embedded_aws.errors import CannotRun
from embedded_aws.loadbalancer.addresses import can_bind
from embedded_aws.retries import Once
from embedded_aws.saver import replace
from embedded_aws.settings import Settings
from embedded_aws.version import source_version

log = logging.getLogger("embedded")


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; raises `CannotRun` where that can't begin."""
    engine.connect(timeout=10).close()
    if not can_bind("127.0.0.1", settings.port):
        raise CannotRun(f"port {settings.port} is in use")
    os.umask(0o077)
    settings.folder.mkdir(parents=True, exist_ok=True)
    settings.folder.chmod(0o700)
    with settings.held.open("w") as held:
        _hold(held)
        asyncio.run(_run(settings))


def _hold(file: IO[str]) -> None:
    """Make this the only instance on its folder, for as long as the process lives."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CannotRun("an instance runs on this folder already") from error


async def _run(settings: Settings) -> None:
    from hypercorn.asyncio import serve as hypercorn
    from hypercorn.config import Config

    from embedded_aws.instance import Instance

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    instance = Instance(settings)
    application: Any = Application(instance)
    config = Config()
    config.bind = [f"127.0.0.1:{settings.port}"]
    if instance.own:
        config.bind.append(f"{instance.own.address}:{settings.port}")
        application = Front(application, instance.own)
    config.keep_alive_timeout = 75
    config.graceful_timeout = 3
    config.loglevel = "WARNING"
    replace(settings.pid_file, json.dumps({"pid": os.getpid(), "port": settings.port}))
    try:
        await hypercorn(Once(application), config, shutdown_trigger=ended.wait)
    finally:
        settings.pid_file.unlink(missing_ok=True)
        log.info("ended")


class Application:
    """MiniStack's ASGI application, with our own health path and our own start and end."""

    def __init__(self, instance: Any) -> None:
        from ministack import app

        self._inner = app.app
        self._instance = instance
        self._began = time.time()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == HEALTH_PATH:
            await _send_json(send, await asyncio.to_thread(self._health))
        elif scope["type"] == "http":
            await self._call(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        """A call of an API, or what is to go wrong with it."""
        wrong: faults.Faults = self._instance.faults
        headers = faults.headers_of(scope)
        if scope["path"] == faults.PATH:
            await wrong.answer(scope, receive, send)
        elif wrong.throttles(headers):
            await faults.refuse(headers, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        """Begin after MiniStack, which loads the state; end before it, so nothing is restarted."""

        async def receive_and_end() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._instance.close()
            return message

        async def begin_and_send(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self._instance.begin()
            await send(message)

        await self._inner(scope, receive_and_end, begin_and_send)

    def _health(self) -> dict[str, Any]:
        settings = self._instance.settings
        return {
            "service": SERVICE_NAME,
            "checkout": str(settings.checkout),
            "pid": os.getpid(),
            "port": settings.port,
            "version": source_version(),
            "started": self._began,
            "engine": engine.problem() or "ok",
            **self._instance.summary(),
        }


async def _send_json(send: Any, value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
