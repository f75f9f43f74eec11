"""Asks a server all the time, from a process of its own, and counts all that goes wrong.

`with checking(host, load) as check: …`, then `check.report`. Every answer but a 200 and every
connection that breaks is a failure, also one that breaks while nothing is asked.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

KEPT, SHORT, SLOW = "keep-alive", "short", "2 s each"
PATIENCE = 20.0
"""Seconds for an answer."""

Span = tuple[float, float]
"""From and to, in seconds of the system's monotonic clock, which all processes share."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How many clients of each kind ask at once, and how many requests a second in all.

    The slow ones, which ask for something that takes 2 s, come on top.
    """

    kept: int = 10
    short: int = 10
    slow: int = 3
    rate: float = 240.0

    @property
    def pause(self) -> float:
        """Seconds between two requests of a client."""
        return (self.kept + self.short) / self.rate


class Sample(NamedTuple):
    """One request: when (monotonic), for how long (s), by which kind of client, the version that
    answered, and what went wrong."""

    began: float
    seconds: float
    kind: str
    version: str
    problem: str


@dataclass(frozen=True)
class Report:
    """All requests of a while."""

    samples: Sequence[Sample]

    def of(self, kind: str) -> Report:
        return Report([sample for sample in self.samples if sample.kind == kind])

    def within(self, spans: Sequence[Span], inside: bool = True) -> Report:
        """The requests that were under way in one of the spans, or in none of them."""
        return Report(
            [
                sample
                for sample in self.samples
                if inside
                is any(
                    begin <= sample.began + sample.seconds and sample.began <= end
                    for begin, end in spans
                )
            ]
        )

    @property
    def problems(self) -> Counter[str]:
        return Counter(sample.problem for sample in self.samples if sample.problem)

    @property
    def versions(self) -> Counter[str]:
        return Counter(sample.version for sample in self.samples if not sample.problem)

    @property
    def rate(self) -> float:
        """Requests a second."""
        begins = [sample.began for sample in self.samples]
        return len(begins) / (max(begins) - min(begins)) if len(begins) > 1 else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds within which so many percent of the requests were answered."""
        times = sorted(sample.seconds for sample in self.samples if not sample.problem)
        return 1000 * times[min(len(times) - 1, int(len(times) * percent / 100))] if times else 0.0


@dataclass
class Check:
    """A check under way; its report is there once it is over."""

    report: Report = field(default_factory=lambda: Report([]))


@contextmanager
def checking(host: str, load: Load | None = None) -> Iterator[Check]:
    """Ask `host`, which may name a port, all the time meanwhile."""
    address, _, port = host.partition(":")
    asked = json.dumps({"host": address, "port": int(port or 80), **asdict(load or Load())})
    # It ends when its input does, so also with this process, however that ends.
    process = subprocess.Popen(
        [sys.executable, __file__, asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    check = Check()
    try:
        yield check
    finally:
        said, _ = process.communicate()
        check.report = Report([Sample(*one) for one in json.loads(said or "[]")])


@dataclass
class Client:
    """One client: asks, waits, asks again."""

    host: str
    port: int
    kind: str
    pause: float
    samples: list[Sample]
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, over: asyncio.Event) -> None:
        """Ask until it is over; what is under way then is still waited for."""
        due = time.monotonic()
        while not over.is_set():
            await self.sample()
            due = max(due + self.pause, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
        self.close()

    async def sample(self) -> None:
        began, version, problem = time.monotonic(), "", ""
        try:
            status, version = await asyncio.wait_for(self.ask(), PATIENCE)
            problem = "" if status == 200 else str(status)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            problem = type(error).__name__
            self.close()
        seconds = time.monotonic() - began
        self.samples.append(Sample(began, seconds, self.kind, version, problem))

    async def ask(self) -> tuple[int, str]:
        """Status and body of one answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        path = "/slow" if self.kind == SLOW else "/"
        wish = "close" if self.kind == SHORT else "keep-alive"
        request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: {wish}\r\n\r\n"
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        body = await _body(reader, head)
        if self.kind == SHORT or "connection: close" in head:
            self.close()
        return int(head.split()[1]), body

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
            self.streams = None


async def _body(reader: asyncio.StreamReader, head: str) -> str:
    if "transfer-encoding: chunked" in head:
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        await reader.readline()
        return b"".join(parts).decode()
    length = head.partition("content-length:")[2].split("\r\n")[0]
    return (await reader.readexactly(int(length))).decode()


async def _ask(host: str, port: int, load: Load) -> list[Sample]:
    """Until the input ends."""
    samples: list[Sample] = []
    over = asyncio.Event()
    kinds = ((KEPT, load.kept, load.pause), (SHORT, load.short, load.pause), (SLOW, load.slow, 0.1))
    clients = [
        Client(host, port, kind, pause, samples)
        for kind, count, pause in kinds
        for _ in range(count)
    ]
    running = [asyncio.create_task(client.run(over)) for client in clients]
    await asyncio.to_thread(sys.stdin.read)
    over.set()
    await asyncio.gather(*running)
    return samples


def main() -> None:
    """One argument, JSON: host, port, and the fields of a load."""
    asked = json.loads(sys.argv[1])
    host, port = asked.pop("host"), asked.pop("port")
    try:
        print(json.dumps(asyncio.run(_ask(host, port, Load(**asked)))))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
