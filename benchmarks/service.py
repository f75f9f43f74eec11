"""A service of the template against a bare FastAPI application of the same route, in turns.

The sample's `GET /v1/hello/NAME` over connections that stay open, each server alone on uvicorn with
one worker, uvloop and httptools. The bare one has FastAPI's and uvicorn's own defaults, among them
uvicorn's access log, and once more goes without it: no ids, metrics, limits or headers either way.
Requests per second are this machine's; processor time of the server (Linux) says the same on a busy
one. Takes two minutes; ends what it starts.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess  # noqa: TID251
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.tools import uv
from tests.e2e.checkout import free_port

GREETER = Path(__file__).parents[1] / "services" / "greeter"
ROUNDS, SECONDS, CONNECTIONS = 7, 4.0, 8
REQUEST = b"GET /v1/hello/Ada HTTP/1.1\r\nHost: greeter\r\nAccept: */*\r\n\r\n"

BARE = """
import os, uvicorn
from fastapi import FastAPI
from greeter import api
from greeter.settings import Settings

app = FastAPI()
app.state.settings = Settings()
app.include_router(api.v1)
uvicorn.run(app, port=int(os.environ["PORT"]), access_log="ACCESS_LOG" in os.environ)
"""

SERVERS: dict[str, tuple[list[str], dict[str, str]]] = {
    "bare": (["-c", BARE], {"ACCESS_LOG": "yes"}),
    "bare without access log": (["-c", BARE], {}),
    "greeter": (["-m", "greeter"], {"DRAIN_SECONDS": "0"}),
}


@dataclass(frozen=True)
class Round:
    """What one server did in one round."""

    requests: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of processor time a request."""
        return self.processor / self.requests * 1e6


def main() -> None:
    rounds: dict[str, list[Round]] = {name: [] for name in SERVERS}
    for _ in range(ROUNDS):
        for name, found in rounds.items():
            found.append(measured(*SERVERS[name]))
    rate = {name: statistics.median(r.rate for r in found) for name, found in rounds.items()}
    cost = {name: statistics.median(r.cost for r in found) for name, found in rounds.items()}
    for name, found in rounds.items():
        spread = f"{min(r.rate for r in found):.0f} to {max(r.rate for r in found):.0f}"
        print(f"{name}: {rate[name]:.0f} requests/s ({spread}), {cost[name]:.0f} µs of processor")
    for name in list(rounds)[:-1]:
        less, more = rate["greeter"] / rate[name], cost["greeter"] / cost[name]
        print(f"greeter against {name}: {less:.2f} of the requests/s, {more:.2f} of the processor")


def measured(words: list[str], env: dict[str, str]) -> Round:
    """Start a server, warm it up, load it, and end it."""
    with serving(words, env) as (port, pid):
        asyncio.run(load(port, SECONDS / 4))
        before, began = processor(pid), time.perf_counter()
        requests = asyncio.run(load(port, SECONDS))
        return Round(requests, time.perf_counter() - began, processor(pid) - before)


@contextmanager
def serving(words: list[str], env: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A server's port and process; its log goes into a file, as a container's does."""
    port = free_port()
    own = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "ACCESS_LOG")}
    python = GREETER / ".venv" / "bin" / "python"
    subprocess.run([uv(), "sync", "--frozen", "-q"], cwd=GREETER, env=own, check=True)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [python, *words],
            env={**own, **env, "PORT": str(port), "PYTHONPATH": str(GREETER / "src")},
            stdout=log,
            stderr=log,
        )
        try:
            asyncio.run(patient(port))
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


async def patient(port: int) -> None:
    """Wait until it listens."""
    for _ in range(200):
        try:
            (_, writer) = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise SystemExit(f"nothing listens on port {port} after 20 s")


async def load(port: int, seconds: float) -> int:
    """Ask over each connection, again as soon as there is an answer; the number of answers."""
    end = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(ask(port, end) for _ in range(CONNECTIONS))))


async def ask(port: int, end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = 0
    while time.perf_counter() < end:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {head.splitlines()[0]!r}")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))
        answers += 1
    writer.close()
    return answers


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used; nan where the system does not say."""
    file = Path(f"/proc/{pid}/stat")
    if not file.exists():
        return float("nan")
    user, system = file.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
