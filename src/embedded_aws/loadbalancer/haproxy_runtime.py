"""HAProxy's workers by their sockets: what they are told, and what they tell.

After a reload, workers that were replaced finish what they have. HAProxy lets nobody change their
targets, so they are told to hand what is still asked of them to the new one: they know nothing.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from embedded_aws.loadbalancer.haproxy_config import REPLACED, WEIGHTS, Slot, backend_name

LONGEST_SOCKET = 80
"""Characters; the system allows 104 or more, and HAProxy adds some of its own."""

PATIENCE = 10.0
"""Seconds for a new worker to begin."""

ATTEMPTS = 20
"""Times that a worker which was replaced is asked before it counts as stuck."""

AT_ONCE = 20
"""Commands in one question: HAProxy reads no more than 16 kB."""

Slots = Mapping[str, Sequence[Slot]]


class Runtime:
    """The processes that read one configuration; raises OSError where none answers."""

    def __init__(self, path: Path) -> None:
        self.socket = short(path)
        self.master = Path(f"{self.socket}.master")
        self._folder = None if self.socket == path else self.socket.parent

    def close(self) -> None:
        """Remove a folder that was made for the sockets alone."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def worker(self) -> int:
        """The process that takes new connections; 0 where there is none."""
        try:
            found = re.search(r"^Pid: (\d+)", ask(self.socket, "show info"), re.MULTILINE)
        except OSError:
            return 0
        return int(found[1]) if found else 0

    def replaced(self) -> list[int]:
        """Workers that only finish what they have."""
        _, _, old = ask(self.master, "show proc").partition("# old workers")
        return [int(pid) for pid in re.findall(r"^(\d+)\s+worker", old, re.MULTILINE)]

    def tell(self, commands: Sequence[str]) -> None:
        """Say it to the worker that takes new connections."""
        for begin in range(0, len(commands), AT_ONCE):
            ask(self.socket, ";".join(commands[begin : begin + AT_ONCE]))

    def weigh(self, entries: Mapping[str, str]) -> None:
        """Put other weights in place of those that there are, at once."""
        _replace_map(self.socket, "", entries)

    def retire(self) -> None:
        """Have the workers that were replaced hand on what they are asked."""
        self._with_replaced(lambda pid: _replace_map(self.master, f"@!{pid} ", REPLACED))

    def in_flight(self) -> Counter[tuple[str, str]]:
        """Requests in flight by backend and server, of all workers."""
        counts = Counter(in_flight(self.statistics()))
        self._with_replaced(
            lambda pid: counts.update(in_flight(ask(self.master, f"@!{pid} show stat")))
        )
        return counts

    def statistics(self) -> str:
        """Those of the worker that takes new connections, as CSV."""
        return ask(self.socket, "show stat")

    async def begun(self, before: int, alive: Callable[[], bool]) -> bool:
        """Wait until another worker than `before` has taken over; whether it did."""
        deadline = time.monotonic() + PATIENCE
        while alive() and time.monotonic() < deadline:
            if await asyncio.to_thread(self._other_than, before):
                return True
            await asyncio.sleep(0.02)
        return False

    def _with_replaced(self, act: Callable[[int], None]) -> None:
        """Do it with each of them; one that ends meanwhile is known for a moment longer."""
        for pid in self.replaced():
            for left in reversed(range(ATTEMPTS)):
                try:
                    act(pid)
                    break
                except OSError:
                    if pid not in self.replaced():
                        break
                    if not left:
                        raise
                    time.sleep(0.1)

    def _other_than(self, before: int) -> bool:
        try:
            self.replaced()
        except OSError:
            # The master does not answer while it begins anew.
            return False
        return self.worker() not in (0, before)


def _replace_map(path: Path, prefix: str, entries: Mapping[str, str]) -> None:
    """Nobody sees some of the entries without the others: they are made valid together."""
    answer = ask(path, f"{prefix}prepare map {WEIGHTS}")
    found = re.search(r"created: (\d+)", answer)
    if found is None:
        raise OSError(f"HAProxy does not change weights: {answer.strip()[:100]}")
    version = f"@{found[1]} {WEIGHTS}"
    adds = [f"add map {version} {key} {value}" for key, value in entries.items()]
    commands = [*adds, f"commit map {version}"]
    for begin in range(0, len(commands), AT_ONCE):
        some = commands[begin : begin + AT_ONCE]
        ask(path, ";".join(prefix + command for command in some))


def ask(path: Path, question: str) -> str:
    """What the process at a socket answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(f"{question}\n".encode())
        # The master keeps a connection whose other end could still ask.
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def opened(before: Slots, wanted: Slots) -> list[str]:
    """What gives targets traffic that had none."""
    return list(_changes(before, wanted, lambda slot: slot.state == "ready"))


def shut(before: Slots, wanted: Slots) -> list[str]:
    """What takes traffic from targets."""
    return list(_changes(before, wanted, lambda slot: slot.state != "ready"))


def _changes(before: Slots, wanted: Slots, which: Callable[[Slot], bool]) -> Iterator[str]:
    for group, slots in wanted.items():
        had = before.get(group, [])
        for index, slot in enumerate(slots):
            if which(slot) and (index >= len(had) or slot != had[index]):
                yield from commands(f"{backend_name(group)}/s{index}", slot)


def commands(server: str, slot: Slot) -> list[str]:
    """What makes a server of HAProxy's what the slot says."""
    if slot.state == "ready":
        ip, _, port = slot.address.rpartition(":")
        return [
            f"set server {server} addr {ip} port {port}",
            f"set server {server} weight 1",
            f"set server {server} state ready",
        ]
    return [f"set server {server} state {slot.state}"]


def in_flight(table: str) -> dict[tuple[str, str], int]:
    """Requests in flight by backend and server, from `show stat`."""
    lines = table.lstrip("# ").splitlines()
    columns = lines[0].split(",") if lines else []
    if "scur" not in columns:
        raise OSError("HAProxy tells no statistics")
    place = columns.index("scur")
    rows = [line.split(",") for line in lines[1:] if line]
    return {(row[0], row[1]): int(row[place] or 0) for row in rows}


def short(path: Path) -> Path:
    """`path`, or one elsewhere where it would be too long for the system or odd for HAProxy."""
    if len(str(path)) <= LONGEST_SOCKET and re.fullmatch(r"[\w./-]+", str(path), re.ASCII):
        return path
    return Path(tempfile.mkdtemp(prefix="slipway-")) / path.name
