"""The address that a load balancer answers on, and the real ports of its listeners."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

SHIFT = 20000
"""Added to a port that this user may not open: 80 becomes 20080, 443 becomes 20443."""

STEP = 1000
"""Between the shifts of two load balancers that have to share one address."""

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


def allocate(taken: Collection[tuple[str, int]], can: CanBind = can_bind) -> tuple[str, int]:
    """An address and a shift of ports for a new load balancer.

    `taken` holds those of the others. Best is a loopback address of its own with real ports; where
    low ports can't be opened, the same with shifted ones; where loopback has one address only
    (macOS), that with a shift of its own.
    """
    used = {address for address, _ in taken}
    own = [f"127.0.1.{n}" for n in range(1, 255) if f"127.0.1.{n}" not in used]
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


def dns_name(address: str, shift: int) -> str:
    """What `http://<DNSName>` must hold to reach the listener on port 80."""
    return f"{address}:{real_port(80, shift)}" if shift else address
