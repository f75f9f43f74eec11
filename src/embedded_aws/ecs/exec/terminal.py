"""A command on a terminal of its own in a running container."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHUNK = 1024
"""Bytes of one message of output, as AWS's agent has it."""

HANG_UP = b"\x03\x04"
"""Interrupt and end of input, as typed."""

PATIENCE = 1.0
"""Seconds that a command has to end once its terminal is gone."""


class Terminal:
    """One command; its output and its input are bytes as a terminal has them."""

    def __init__(self, client: Any, container: str) -> None:
        self._api = client.api
        self._container = container
        self._id = ""

    async def start(self, command: tuple[str, ...]) -> str:
        """Run it, as root whatever the container's user is, as AWS's agent does; why it can't."""
        from docker.errors import APIError

        try:
            made = await asyncio.to_thread(
                self._api.exec_create,
                self._container,
                list(command),
                stdin=True,
                tty=True,
                user="0",
                environment={"TERM": "xterm-256color"},
            )
            self._id = made["Id"]
            self._reader, self._writer = await self._attach()
        except (APIError, OSError, EOFError) as error:
            return str(error)
        return ""

    async def _attach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # The SDK's own socket can lose what arrives together with the headers of the answer.
        reader, writer = await _connect(self._api)
        body = json.dumps({"Detach": False, "Tty": True})
        version = self._api._version
        writer.write(
            f"POST /v{version}/exec/{self._id}/start HTTP/1.1\r\nHost: engine\r\n"
            "Content-Type: application/json\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split()[1]
        if status not in (b"101", b"200"):
            writer.close()
            raise OSError(f"the engine answers {status.decode()}")
        return reader, writer

    async def read(self) -> bytes:
        """The next output; empty at the end."""
        try:
            return await self._reader.read(CHUNK)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def resize(self, columns: int, rows: int) -> None:
        from docker.errors import APIError

        # A command that has ended has no size.
        with contextlib.suppress(APIError):
            await asyncio.to_thread(self._api.exec_resize, self._id, height=rows, width=columns)

    async def end(self) -> None:
        """Leave nothing running: as if the window of a terminal was closed."""
        await self.write(HANG_UP)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained(), PATIENCE)
        self._writer.close()
        await asyncio.to_thread(self._kill)

    async def _drained(self) -> None:
        while await self.read():
            pass

    def _kill(self) -> None:
        """End what still runs: the engine has no call for it, so only on this machine."""
        found = self._api.exec_inspect(self._id)
        if found.get("Running") and _is_of(found.get("Pid", 0), self._container):
            with contextlib.suppress(OSError):
                os.kill(found["Pid"], signal.SIGKILL)


def _is_of(pid: int, container: str) -> bool:
    """Whether a process of this machine is one of the container's; an engine may be elsewhere."""
    try:
        return pid > 1 and container in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


async def _connect(api: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    adapter = api.get_adapter(api.base_url)
    path = getattr(adapter, "socket_path", "")
    if path:
        return await asyncio.open_unix_connection(path)
    parts = urlsplit(api.base_url)
    if parts.scheme != "http":
        raise OSError(f"an engine at {api.base_url} can't be asked for a terminal")
    return await asyncio.open_connection(parts.hostname, parts.port or 2375)
