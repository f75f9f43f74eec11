"""One network for tasks and data, on which a database keeps its address over restarts."""

from __future__ import annotations

import ipaddress
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded_aws.errors import CannotRun
from embedded_aws.saver import replace

if TYPE_CHECKING:
    from docker import DockerClient

OWNER_LABEL = "slipway.embedded"
"""On networks and volumes: the name of the instance that they belong to."""

RANGE = ipaddress.IPv4Network("198.19.0.0/16")
"""Set apart for benchmarks by RFC 2544, so neither the internet nor a company uses it."""

FIRST, LAST = 10, 250
"""Of a network's first 256 addresses, those that data containers get; tasks get the upper half."""


def ensure(client: DockerClient, name: str) -> ipaddress.IPv4Network:
    """The address range of the network of that name, which is made where it isn't there."""
    from docker.errors import APIError

    while not (found := _existing(client, name)):
        for subnet in candidates(name):
            try:
                _create(client, name, subnet)
                break
            except APIError as error:
                # Another network has the range, or another process was quicker.
                if "overlap" not in str(error) and "already exists" not in str(error):
                    raise CannotRun(f"network {name} can't be made: {error}") from error
        else:
            raise CannotRun(f"every address range in {RANGE} is taken by a Docker network")
    return found


def remove(client: DockerClient, name: str) -> None:
    """Remove the network, if it is there and nothing is attached to it."""
    from docker.errors import APIError

    for network in _named(client, name):
        try:
            network.remove()
        except APIError:
            # Something of the user's own is attached: theirs to end.
            return


def candidates(name: str) -> Iterator[ipaddress.IPv4Network]:
    """The ranges to try, beginning at one that depends on the name."""
    ranges = list(RANGE.subnets(new_prefix=22))
    begin = int.from_bytes(name[-8:].encode(), "big") % len(ranges)
    yield from ranges[begin:]
    yield from ranges[:begin]


def _named(client: DockerClient, name: str) -> list[Any]:
    return [network for network in client.networks.list(names=[name]) if network.name == name]


def _existing(client: DockerClient, name: str) -> ipaddress.IPv4Network | None:
    for network in _named(client, name):
        for config in network.attrs["IPAM"]["Config"]:
            return ipaddress.IPv4Network(config["Subnet"])
    return None


def _create(client: DockerClient, name: str, subnet: ipaddress.IPv4Network) -> None:
    from docker.types import IPAMConfig, IPAMPool

    upper = list(subnet.subnets(prefixlen_diff=1))[1]
    pool = IPAMPool(subnet=str(subnet), iprange=str(upper), gateway=str(subnet[1]))
    client.networks.create(
        name, driver="bridge", ipam=IPAMConfig(pool_configs=[pool]), labels={OWNER_LABEL: name}
    )


class Addresses:
    """Who has which address, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def of(self, owner: str, subnet: ipaddress.IPv4Network) -> str:
        """The address of `owner`: the one it had, else the first that is free."""
        with self._lock:
            taken = self._read()
            if owner not in taken:
                free = (n for n in range(FIRST, LAST + 1) if n not in taken.values())
                taken[owner] = next(free)
                replace(self._file, json.dumps(taken))
            return str(subnet[taken[owner]])

    def release(self, owner: str) -> None:
        """Give the address back."""
        with self._lock:
            taken = self._read()
            if taken.pop(owner, None) is not None:
                replace(self._file, json.dumps(taken))

    def _read(self) -> dict[str, int]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}
