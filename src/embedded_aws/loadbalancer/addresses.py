"""The address that a load balancer answers on, and the real ports of its listeners."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

SHIFT = 20000
"""Added to a port that this user may not open: 80 becomes 20080, 443 becomes 20443."""

STEP = 1000
"""Between the shifts of two load balancers that have to share one address."""

USUAL_PORT = 4566
"""The API's port whose instance has the plainest addresses, 127.0.1.N."""

CanBind = Callable[[str, int], bool]


def can_bind(address: str, port: int) -> bool:
    """Whether this process can listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def network(port: int) -> str:
    """The first three numbers of an instance's loopback addresses, by the port of its API.

    Each has its own, so that nobody takes a load balancer's address while its instance is down.
    """
    return "127.0.1" if port == USUAL_PORT else f"127.{port >> 8}.{port & 255}"


def allocate(
    taken: Collection[tuple[str, int]], can: CanBind = can_bind, *, port: int = USUAL_PORT
) -> tuple[str, int]:
    """An address and a shift of ports for a new load balancer.

    `taken` holds those of the others, `port` is the API's. Best is a loopback address of its own
    with real ports; where low ports can't be opened, the same with shifted ones; where loopback has
    one address only (macOS), that with a shift of its own.
    """
    used = {address for address, _ in taken}
    numbered = (f"{network(port)}.{n}" for n in range(1, 255))
    own = [address for address in numbered if address not in used]
    for address in own:
        if can(address, 80):
            return address, 0
    for address in own:
        if can(address, SHIFT + 80):
            return address, SHIFT
    shifts = {shift for address, shift in taken if address == "127.0.0.1"}
    free = (SHIFT + STEP * n for n in range(20) if SHIFT + STEP * n not in shifts)
    return "127.0.0.1", next(free)


def real_port(port: int, shift: int) -> int:
    """Where a listener on `port` really listens."""
    return port + shift if shift and port < 1024 else port


def url(scheme: str, address: str, port: int) -> str:
    """Where a listener answers, its port left out where the scheme implies it."""
    implied = {"http": 80, "https": 443}.get(scheme) == port
    return f"{scheme}://{address}" if implied else f"{scheme}://{address}:{port}"


def dns_name(address: str, shift: int) -> str:
    """What `http://<DNSName>` must hold to reach the listener on port 80."""
    return f"{address}:{real_port(80, shift)}" if shift else address
