"""What a process in a container has to know of it: its addresses, and whose requests to answer."""

from __future__ import annotations

import ipaddress
import logging
from typing import Any

from embedded_aws import engine
from embedded_aws.contained.names import front
from embedded_aws.errors import CannotRun

log = logging.getLogger("embedded.contained")

DESKTOP = "Docker Desktop"
OWN_ADDRESS = 2
"""The number of the instance's own address on its tasks' network, after the gateway's."""


class Own:
    """The container that this process runs in."""

    def __init__(self, name: str) -> None:
        from docker.errors import NotFound

        self.name = name
        self._client = engine.connect()
        try:
            networks = self._client.containers.get(name).attrs["NetworkSettings"]["Networks"]
        except NotFound as error:
            raise CannotRun(f"there is no container {name}, though this runs in it") from error
        known = networks[front(name)]
        self.address = str(known["IPAddress"])
        """Where published ports arrive; no task has a way to it."""
        self._front = ipaddress.IPv4Network(
            f"{known['IPAddress']}/{known['IPPrefixLen']}", strict=False
        )
        self._desktop = self._client.info().get("OperatingSystem") == DESKTOP
        self._tasks: ipaddress.IPv4Network | None = None

    def join(self, network: str, subnet: ipaddress.IPv4Network) -> str:
        """Get an address on the tasks' network, where they and their databases are reached."""
        address = str(subnet[OWN_ADDRESS])
        joined = self._client.networks.get(network)
        joined.connect(self.name, ipv4_address=address)
        self._tasks = subnet
        return address

    def admits(self, client: str) -> bool:
        """Whether a client of the published port may call everything, as loopback may.

        What comes through a published port has the address of the front's gateway; Docker Desktop
        shows others, and nothing but its own forwarder reaches its machine.
        """
        address = ipaddress.ip_address(client)
        if self._tasks and address in self._tasks:
            return False
        return address.is_loopback or address in self._front or self._desktop


class Front:
    """An ASGI application: the inner one, for whom the container admits."""

    def __init__(self, inner: Any, own: Own) -> None:
        self._inner = inner
        self._own = own

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client = (scope.get("client") or ("127.0.0.1",))[0]
        if scope["type"] == "lifespan" or self._own.admits(client):
            await self._inner(scope, receive, send)
        elif scope["type"] == "http":
            log.warning("refused to %s: %s %s", client, scope["method"], scope["path"])
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        # What remains are WebSockets: to return without an answer closes them.
