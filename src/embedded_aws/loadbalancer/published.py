"""Load balancers whose ports are published by the engine: of a range that is fixed beforehand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PORTS = "_SlipwayPorts"
"""Kept with a load balancer: the published ports of its listeners, by their own."""

SHOWN = "127.0.0.1"
VARIABLE = "EMBEDDED_AWS_PUBLISHED"


@dataclass(frozen=True, kw_only=True)
class Published:
    """`ports` of 127.0.0.1 of the host that arrive at the same ports of `address` here."""

    address: str
    ports: range

    def give(self, record: dict[str, Any], listener: int, others: Iterable[Any]) -> int:
        """The port of a listener, which it keeps; 0 where all are given. `others` have theirs."""
        own: dict[str, int] = record.setdefault(PORTS, {})
        if str(listener) not in own:
            free = self.free([record, *others])
            if not free:
                return 0
            own[str(listener)] = free[0]
        return own[str(listener)]

    def free(self, records: Iterable[Mapping[str, Any]]) -> list[int]:
        """The ports that none of these load balancers has."""
        taken = {port for record in records for port in record.get(PORTS, {}).values()}
        return [port for port in self.ports if port not in taken]


def tell(address: str, ports: range) -> None:
    """Have `current` find these from now on."""
    os.environ[VARIABLE] = f"{address} {ports.start} {ports.stop}"


def current() -> Published | None:
    """The published ports of this process, where it runs in a container."""
    words = os.environ.get(VARIABLE, "").split()
    if not words:
        return None
    return Published(address=words[0], ports=range(int(words[1]), int(words[2])))
