"""HAProxy's log, one line for each answer: what its statistics tell is lost at each reload."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from embedded_aws.loadbalancer.traffic import Answer

AGAIN = "again_"
"""How names of backends begin by which a worker that was replaced hands requests on."""

log = logging.getLogger("embedded.haproxy")

FORMAT = "%f|%b|%s|%ST|%Tr"
"""Frontend, backend, server, status, milliseconds until the target's answer began (-1: none)."""

BUFFER = 4 * 1024 * 1024
"""Bytes that wait to be read: HAProxy never waits, it drops what does not fit."""


def answer(line: str, names: Mapping[str, str]) -> Answer | None:
    """What a line tells; `names` has the ARNs of frontends and backends."""
    words = line.strip().split("|")
    balancer = names.get(words[0])
    if len(words) != 5 or balancer is None:
        return None
    _, backend, server, status, milliseconds = words
    if backend.startswith(AGAIN):
        # The new worker tells of it.
        return None
    chosen = server != "<NOSRV>"
    seconds = int(milliseconds) / 1000 if chosen and int(milliseconds) >= 0 else None
    return Answer(balancer, names.get(backend, "") if chosen else "", int(status), seconds)


class Log:
    """Reads the log from a socket of datagrams, on a thread."""

    def __init__(self, path: Path, names: Callable[[], Mapping[str, str]]) -> None:
        self._path = path
        self._names = names
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-log")
        self._note: Callable[[Answer], None] = lambda _: None

    @property
    def reads(self) -> bool:
        return self._thread.is_alive()

    def start(self, note: Callable[[Answer], None]) -> None:
        """Hand each answer to `note` from now on."""
        self._note = note
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _loop(self) -> None:
        self._path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lines:
            lines.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            lines.settimeout(0.5)
            lines.bind(str(self._path))
            while not self._stop.is_set():
                self._read(lines)
        self._path.unlink(missing_ok=True)

    def _read(self, lines: socket.socket) -> None:
        try:
            data = lines.recv(4096)
        except TimeoutError:
            return
        try:
            found = answer(data.decode(errors="replace"), self._names())
        except ValueError:
            log.debug("a line of HAProxy's log that says nothing: %r", data)
            return
        if found:
            self._note(found)
