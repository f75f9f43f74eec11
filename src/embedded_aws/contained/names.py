"""The names and ports of an instance in a container; the host and the container agree by them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from embedded_aws.settings import instance_name

STATE = Path("/slipway")
"""Where a container sees the volume with its state: one folder below it."""

FIRST_PORT, COUNT = 20000, 16
"""Ports of 127.0.0.1 that are published for load balancers: from which one, and how many.

Each is a process of the engine's on Linux, and costs a tenth of a second at start and end.
"""

USUAL_PORT, INSTANCES = 4566, 256


def inside(folder: Path) -> Path:
    """Where the container has the state of the instance whose folder on the host is `folder`.

    Another path than on the host, so that an instance in a container shares no name, and therefore
    no network and no volume, with one that ran as a process.
    """
    return STATE / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def instance(folder: Path) -> str:
    """The name of the instance, of its container and of the network of its tasks."""
    return instance_name(inside(folder))


def front(name: str) -> str:
    """The network whose ports are published, with the instance alone on it.

    Before `slipway-…` in the alphabet: an engine publishes through the first of a container's
    networks.
    """
    return f"front-{name}"


def volume(name: str) -> str:
    """What holds the state; the instance's databases have one of their own."""
    return f"{name}-state"


def published(port: int) -> range:
    """The ports for load balancers of the instance whose API has `port`."""
    first = FIRST_PORT + (port - USUAL_PORT) % INSTANCES * COUNT
    return range(first, first + COUNT)
