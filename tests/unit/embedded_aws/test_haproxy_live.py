"""A real HAProxy: what changes without a reload, and what a reload does to its clients."""

from __future__ import annotations

import asyncio
import http.client
import shutil
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from embedded_aws.loadbalancer import health
from embedded_aws.loadbalancer.haproxy import Plane
from embedded_aws.loadbalancer.haproxy_config import Listener
from embedded_aws.loadbalancer.listeners import Place
from embedded_aws.loadbalancer.pool import Key, Pool, Target
from tests.e2e.embedded import free_port

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not shutil.which("haproxy"), reason="no haproxy here"),
]

BLUE, GREEN = "arn:blue", "arn:green"


class Handler(BaseHTTPRequestHandler):
    """Answers the port that it listens on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(2)
        body = str(cast(Any, self.server).server_port).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Client:
    """One connection that is kept."""

    def __init__(self, port: int, blue: int) -> None:
        self._blue = blue
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, path: str = "/") -> str:
        """`blue` or `green`, and whether the load balancer closes the connection."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        port = int(answer.read())
        name = "blue" if port == self._blue else "green"
        closed = answer.getheader("Connection") == "close"
        return f"{name}, closed" if closed else name

    def close(self) -> None:
        self._connection.close()


@dataclass
class World:
    """What the plane follows: listeners, weights, and two targets in a group each."""

    blue: Target
    green: Target
    ports: list[int]
    weights: Mapping[str, int] = field(default_factory=lambda: {BLUE: 1})

    clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        self.clients.append(Client(self.ports[0], self.blue.key.port))
        return self.clients[-1]

    def of(self, group: str) -> list[Target]:
        return [target for target in (self.blue, self.green) if target.key.group == group]

    def shown(self, target: Target) -> health.Health:
        return health.DRAINING if target.draining else target.health

    def look(self) -> tuple[list[Listener], list[str]]:
        groups = [{"TargetGroupArn": arn, "Weight": n} for arn, n in self.weights.items()]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        places = [Place("lb", port, "127.0.0.1", port) for port in self.ports]
        return [Listener(place=place, rules=[{"Actions": [action]}]) for place in places], [
            BLUE,
            GREEN,
        ]


@pytest.fixture
def world() -> Iterator[World]:
    """Two servers that answer, blue with all traffic."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    healthy = health.Health(state="healthy")
    blue, green = (
        Target(Key(arn, "127.0.0.1", server.server_port), healthy)
        for arn, server in zip((BLUE, GREEN), servers, strict=True)
    )
    world = World(blue, green, [free_port()])
    yield world
    for client in world.clients:
        client.close()
    for server in servers:
        server.shutdown()
        server.server_close()


@asynccontextmanager
async def plane_of(world: World, folder: Path) -> AsyncIterator[Plane]:
    plane = Plane("haproxy", folder, cast(Pool, world), world.look)
    try:
        await plane.follow()
        yield plane
    finally:
        await plane.close()


def test_weights_change_without_a_reload(world: World, tmp_path: Path) -> None:
    """The next request of a connection that is kept goes by the new ones."""

    async def scenario() -> None:
        async with plane_of(world, tmp_path) as plane:
            worker = plane._runtime.worker()
            client = world.client()
            assert await asyncio.to_thread(client.ask) == "blue"
            for weights, wanted in (
                ({BLUE: 100, GREEN: 0}, {"blue"}),
                ({BLUE: 50, GREEN: 50}, {"blue", "green"}),
                ({BLUE: 0, GREEN: 100}, {"green"}),
                ({GREEN: 1}, {"green"}),
            ):
                world.weights = weights
                await plane.follow()
                answers = Counter([await asyncio.to_thread(client.ask) for _ in range(40)])
                assert set(answers) == wanted, (weights, answers)
            assert plane._runtime.worker() == worker

    asyncio.run(scenario())


def test_a_reload_keeps_idle_connections(world: World, tmp_path: Path) -> None:
    """They get one more answer, by what is true then, and are asked to come back."""

    async def scenario() -> None:
        async with plane_of(world, tmp_path) as plane:
            worker = plane._runtime.worker()
            clients = [world.client() for _ in range(5)]
            for client in clients:
                assert await asyncio.to_thread(client.ask) == "blue"
            world.ports.append(free_port())
            await plane.follow()
            assert plane._runtime.worker() != worker
            assert plane._runtime.replaced() == [worker]
            world.weights = {GREEN: 1}
            await plane.follow()
            world.blue.leaves = time.monotonic() + 60
            await plane.follow()
            for client in clients:
                assert await asyncio.to_thread(client.ask) == "green, closed"
                assert await asyncio.to_thread(client.ask) == "green"

    asyncio.run(scenario())


def test_a_replaced_worker_knows_who_drains(world: World, tmp_path: Path) -> None:
    """It sends nothing to a target that was deregistered after it was replaced."""
    world.green.key = world.green.key._replace(group=BLUE)

    async def scenario() -> None:
        async with plane_of(world, tmp_path) as plane:
            clients = [world.client() for _ in range(8)]
            first = Counter([await asyncio.to_thread(client.ask) for client in clients])
            assert set(first) == {"blue", "green"}
            world.ports.append(free_port())
            await plane.follow()
            world.blue.leaves = time.monotonic() + 60
            await plane.follow()
            answers = Counter([await asyncio.to_thread(client.ask) for client in clients])
            assert answers == {"green, closed": 8}

    asyncio.run(scenario())


def test_requests_of_a_replaced_worker_are_counted(world: World, tmp_path: Path) -> None:
    """Until they are answered their target may not go."""

    async def scenario() -> None:
        async with plane_of(world, tmp_path) as plane:
            slow = asyncio.create_task(asyncio.to_thread(world.client().ask, "/slow"))
            await asyncio.sleep(0.3)
            world.ports.append(free_port())
            world.blue.leaves = time.monotonic() + 60
            await plane.follow()
            assert world.blue.in_flight == 1
            await slow
            await plane.follow()
            assert world.blue.in_flight == 0

    asyncio.run(scenario())


def test_a_target_stays_while_haproxy_can_not_tell(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is not the answer that nothing is in flight."""

    async def scenario() -> None:
        async with plane_of(world, tmp_path) as plane:
            world.blue.leaves = time.monotonic() + 60
            with monkeypatch.context() as patch:
                patch.setattr(plane._runtime, "in_flight", silent)
                with pytest.raises(OSError, match="no answer"):
                    await plane.follow()
            assert world.blue.in_flight == 1
            await plane.follow()
            assert world.blue.in_flight == 0

    def silent() -> None:
        raise OSError("no answer")

    asyncio.run(scenario())
