"""Steady requests to a service while its versions change, on a thread of their own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit

from slipway.config import Service
from slipway.rehearse.sample import Sample

PATIENCE = 20.0
"""Seconds for an answer; the load balancer itself waits for 60."""

CLIENTS = 10
"""Clients of each kind: those that keep their connection, and those that make a new one each
time."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A GET request and the status that is right."""

    path: str
    status: int = 200


def wishes(route: str, service: Service) -> tuple[Wish, ...]:
    """What is asked: health, which tells the version, and what the manifest's smoke tests ask.

    `route` is the path of the service's URL.
    """
    below = route.rstrip("/")
    smoke = (Wish(path=f"{below}{each.path}", status=each.status) for each in service.smoke)
    return tuple(dict.fromkeys((Wish(path=f"{below}{service.health.path}"), *smoke)))


@dataclass
class Traffic:
    """Requests to one service; `samples` grows as they are answered."""

    host: str
    port: int
    wishes: Sequence[Wish]
    rate: float
    samples: list[Sample] = field(default_factory=list)

    @contextmanager
    def flowing(self) -> Iterator[Traffic]:
        """Ask all the time meanwhile; what is under way at the end is still waited for."""
        over = threading.Event()
        thread = threading.Thread(target=asyncio.run, args=(self._run(over),), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join(PATIENCE + 5)

    async def _run(self, over: threading.Event) -> None:
        clients = [
            _Client(self, cycle(self._turned(number)), keeps=number < CLIENTS)
            for number in range(2 * CLIENTS)
        ]
        pause = len(clients) / self.rate
        jobs = [
            asyncio.create_task(each.run(over, pause, number * pause / len(clients)))
            for number, each in enumerate(clients)
        ]
        await asyncio.gather(*jobs)

    def _turned(self, by: int) -> list[Wish]:
        """The wishes, beginning with another one for each client."""
        by %= len(self.wishes)
        return [*self.wishes[by:], *self.wishes[:by]]


def traffic(url: str, service: Service, rate: float) -> Traffic:
    """Requests to `service` at its URL, `rate` a second."""
    parts = urlsplit(url)
    assert parts.hostname
    return Traffic(parts.hostname, parts.port or 80, wishes(parts.path, service), rate)


@dataclass
class _Client:
    """Asks, waits, asks again; over one connection, or a new one each time."""

    traffic: Traffic
    wishes: Iterator[Wish]
    keeps: bool
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, over: threading.Event, pause: float, wait: float) -> None:
        await asyncio.sleep(wait)
        due = time.monotonic()
        while not over.is_set():
            await self.sample(next(self.wishes))
            due = max(due + pause, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
        self.close()

    async def sample(self, wish: Wish) -> None:
        began, version, problem = time.monotonic(), "", ""
        try:
            status, version = await asyncio.wait_for(self.ask(wish.path), PATIENCE)
            problem = "" if status == wish.status else str(status)
        except TimeoutError:
            problem = f"no answer in {PATIENCE:.0f} s"
            self.close()
        except Exception as error:
            # Whatever it was, the client was not answered; and a client must never end early.
            problem = type(error).__name__
            self.close()
        seconds = time.monotonic() - began
        self.traffic.samples.append(Sample(began, seconds, wish.path, version, problem))

    async def ask(self, path: str) -> tuple[int, str]:
        """Status of one answer, and the version that it tells."""
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.traffic.host, self.traffic.port)
        reader, writer = self.streams
        wish = "keep-alive" if self.keeps else "close"
        request = f"GET {path} HTTP/1.1\r\nHost: {self.traffic.host}\r\nConnection: {wish}\r\n\r\n"
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        text = await body(reader, head)
        if not self.keeps or "connection: close" in head:
            self.close()
        return int(head.split()[1]), version_in(text)

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def body(reader: asyncio.StreamReader, head: str) -> bytes:
    """The body of an answer whose head, in lower case, was read."""
    status = head.split()[1]
    if status in ("204", "304"):
        return b""
    if "transfer-encoding: chunked" in head:
        parts = []
        while size := int((await reader.readline()).partition(b";")[0], 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        while (await reader.readline()).strip():
            pass  # trailers
        return b"".join(parts)
    _, found, length = head.partition("content-length:")
    return await (reader.readexactly(int(length.split()[0])) if found else reader.read())


def version_in(text: bytes) -> str:
    """The `version` of a JSON answer; "" for any other."""
    try:
        return str(json.loads(text).get("version", ""))
    except (ValueError, AttributeError):
        return ""
