"""One HTTP health check against one target."""

from __future__ import annotations

import asyncio

from embedded_aws.loadbalancer.health import (
    PASSED,
    REFUSED,
    TIMED_OUT,
    Check,
    Outcome,
    matches,
    mismatch,
)


async def probe(host: str, port: int, check: Check) -> Outcome:
    """Ask the target as the load balancer would; never raises for what the target does."""
    target = port if check.port == "traffic-port" else int(check.port)
    try:
        return await asyncio.wait_for(_ask(host, target, check), check.timeout)
    except TimeoutError:
        return TIMED_OUT
    except (OSError, ValueError, EOFError):
        return REFUSED


async def _ask(host: str, port: int, check: Check) -> Outcome:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        if check.protocol == "TCP":
            return PASSED
        writer.write(
            f"GET {check.path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            "User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        await writer.drain()
        code = _status(await reader.readline())
        return PASSED if matches(check.matcher, code) else mismatch(code)
    finally:
        writer.close()


def _status(line: bytes) -> int:
    """The code in a status line; a ValueError where it is none."""
    words = line.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        raise ValueError(line)
    return int(words[1])
