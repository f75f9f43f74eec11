"""Servers for the listeners, inside this process: the way where there is no HAProxy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from embedded_aws.loadbalancer.addresses import can_bind, real_port

log = logging.getLogger("embedded.listeners")

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Place(NamedTuple):
    """Where a listener of a load balancer listens: its own port and the real one.

    `shift` is what low ports of the load balancer are moved by, `moved` has ports that are moved
    one by one; `certificate` is a PEM file with its key, empty for plain HTTP.
    """

    load_balancer: str
    port: int
    address: str
    real_port: int
    shift: int = 0
    certificate: str = ""
    moved: tuple[tuple[int, int], ...] = ()

    @property
    def protocol(self) -> str:
        return "https" if self.certificate else "http"

    def seen_port(self, port: str) -> str:
        """Where a client must go that is sent to a `port` of the same load balancer."""
        if not port.isdigit():
            return port
        return str(dict(self.moved).get(int(port)) or real_port(int(port), self.shift))

    def seen_location(self, location: str, host: str) -> str:
        """The same for a whole URL, which stays as it is where it leads to another `host`."""
        parts = urlsplit(location)
        if parts.port is None or parts.hostname != host.partition(":")[0].lower():
            return location
        port = self.seen_port(str(parts.port))
        return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{port}"))


class _Server(NamedTuple):
    task: asyncio.Task[None]
    ended: asyncio.Event


class Listeners:
    """Keeps one HTTP server for each listener that there is."""

    def __init__(
        self,
        look: Callable[[], frozenset[Place]],
        application: Callable[[Place], Application],
    ) -> None:
        self._look = look
        self._application = application
        self._servers: dict[Place, _Server] = {}
        self._failed: dict[Place, str] = {}

    @property
    def problems(self) -> Mapping[Place, str]:
        """Listeners that can't be served, and why."""
        return dict(self._failed)

    async def follow(self) -> None:
        """Start and end servers so that they are those that the API tells of."""
        wanted = self._look()
        for place, server in list(self._servers.items()):
            if place not in wanted or server.task.done():
                await self._end(place)
        for place in wanted - self._servers.keys():
            self._start(place)
        self._failed = {place: why for place, why in self._failed.items() if place in wanted}

    async def close(self) -> None:
        """End all servers."""
        await asyncio.gather(*(self._end(place) for place in list(self._servers)))

    def _start(self, place: Place) -> None:
        if not can_bind(place.address, place.real_port):
            why = f"{place.address}:{place.real_port} is in use"
            if self._failed.get(place) != why:
                log.warning("a load balancer can't listen: %s", why)
            self._failed[place] = why
            return
        self._failed.pop(place, None)
        ended = asyncio.Event()
        task = asyncio.create_task(self._serve(place, ended))
        self._servers[place] = _Server(task, ended)

    async def _serve(self, place: Place, ended: asyncio.Event) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"{place.address}:{place.real_port}"]
        config.keep_alive_timeout = 60
        config.graceful_timeout = 3
        config.loglevel = "WARNING"
        if place.certificate:
            config.certfile = config.keyfile = place.certificate
            config.alpn_protocols = ["http/1.1"]
        await serve(self._application(place), config, shutdown_trigger=ended.wait)

    async def _end(self, place: Place) -> None:
        server = self._servers.pop(place)
        server.ended.set()
        await asyncio.gather(server.task, return_exceptions=True)
