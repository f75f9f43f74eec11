"""HAProxy as the data plane: one process that is kept in step with the API and with target health.

The file always holds the whole truth, targets included, so that a reload changes nothing else.
Between reloads, targets come, drain and go through the runtime socket.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws.loadbalancer.addresses import can_bind
from embedded_aws.loadbalancer.choice import eligible
from embedded_aws.loadbalancer.haproxy_config import (
    Listener,
    Slot,
    backend_name,
    frontend_name,
    render,
    slots_needed,
)
from embedded_aws.loadbalancer.haproxy_log import Log
from embedded_aws.loadbalancer.listeners import Place

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool, Target
    from embedded_aws.loadbalancer.traffic import Answer

log = logging.getLogger("embedded.haproxy")

PR_SET_PDEATHSIG = 1

LONGEST_SOCKET = 90
"""Characters; the system allows 104 or more, and HAProxy adds some of its own."""


class Plane:
    """Serves all listeners through one HAProxy."""

    def __init__(
        self,
        program: str,
        folder: Path,
        pool: Pool,
        look: Callable[[], tuple[Sequence[Listener], Sequence[str]]],
        note: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self._program = program
        self._file = folder / "haproxy.cfg"
        self._socket = _short(folder / "haproxy.sock")
        self._pool = pool
        self._look = look
        self._process: subprocess.Popen[bytes] | None = None
        self._frame = ""
        self._slots: dict[str, list[Slot]] = {}
        self._serving: set[tuple[str, int]] = set()
        self._failed: dict[Place, str] = {}
        self._names: dict[str, str] = {}
        self._log = Log(Path(f"{self._socket}.log"), lambda: self._names)
        self._note = note

    @property
    def problems(self) -> Mapping[Place, str]:
        """Listeners that can't be served, and why."""
        return dict(self._failed)

    async def follow(self) -> None:
        """Bring HAProxy in step; called a few times a second."""
        listeners, groups = self._look()
        listeners = self._free(listeners)
        self._names = _names(listeners, groups)
        slots = {group: self._placed(group) for group in groups}
        frame = render("", listeners, {g: [Slot()] * len(s) for g, s in slots.items()})
        if frame != self._frame or not self._running:
            await self._load(listeners, slots, frame)
        elif slots != self._slots:
            await asyncio.to_thread(self._apply, slots)
        self._slots = slots
        if any(target.draining for group in groups for target in self._pool.of(group)):
            await asyncio.to_thread(self._count)

    async def close(self) -> None:
        """End HAProxy."""
        if self._process and self._running:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)
        await asyncio.to_thread(self._log.close)

    def connections(self) -> Counter[str]:
        """Connections of clients, by load balancer."""
        found: Counter[str] = Counter()
        for (name, kind), count in in_flight(self._say("show stat")).items():
            if kind == "FRONTEND" and name in self._names:
                found[self._names[name]] += count
        return found

    @property
    def _running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _free(self, listeners: Sequence[Listener]) -> list[Listener]:
        """Those that can be served: one taken port must not hold up the others."""
        self._serving &= {_bound(listener) for listener in listeners}
        self._failed = {
            listener.place: f"{listener.place.address}:{listener.place.real_port} is in use"
            for listener in listeners
            if _bound(listener) not in self._serving and not can_bind(*_bound(listener))
        }
        free = [listener for listener in listeners if listener.place not in self._failed]
        self._serving = {_bound(listener) for listener in free}
        return sorted(free, key=lambda listener: listener.place)

    def _placed(self, group: str) -> list[Slot]:
        """The slots of a group: each target keeps its slot for as long as it is known."""
        targets = {_address(target): target for target in self._pool.of(group)}
        able = {_address(target) for target in self._eligible(list(targets.values()))}
        before = self._slots.get(group, [])
        slots = [slot if slot.address in targets else Slot() for slot in before]
        slots += [Slot()] * (slots_needed(len(targets)) - len(slots))
        placed = {slot.address for slot in slots}
        empty = (index for index, slot in enumerate(slots) if slot == Slot())
        for address in targets.keys() - placed:
            slots[next(empty)] = Slot(address=address)
        return [
            Slot(address=slot.address, state=_state(targets.get(slot.address), able))
            for slot in slots
        ]

    def _eligible(self, targets: list[Target]) -> list[Target]:
        return eligible(targets, [self._pool.shown(target).state for target in targets])

    async def _load(
        self, listeners: Sequence[Listener], slots: Mapping[str, Sequence[Slot]], frame: str
    ) -> None:
        self._file.write_text(render(str(self._socket), listeners, slots))
        problem = await asyncio.to_thread(self._problem)
        if problem:
            log.error("HAProxy refuses its configuration: %s", problem)
        elif self._running and self._process:
            self._process.send_signal(signal.SIGUSR2)
        else:
            self._start()
        # Not again before something changes, also where it was refused.
        self._frame = frame

    def _problem(self) -> str:
        argv = [self._program, "-c", "-f", str(self._file)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return done.stderr.strip() if done.returncode else ""

    def _start(self) -> None:
        if not self._log.reads:
            self._log.start(self._note)
        # From the main thread: the signal comes when the thread that started it ends.
        self._process = subprocess.Popen(
            [self._program, "-W", "-q", "-f", str(self._file)],
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )

    def _apply(self, slots: Mapping[str, Sequence[Slot]]) -> None:
        """Tell HAProxy what differs from what it was told before."""
        commands = []
        for group, wanted in slots.items():
            had = self._slots.get(group, [])
            for index, slot in enumerate(wanted):
                if index >= len(had) or slot != had[index]:
                    commands += _commands(f"{backend_name(group)}/s{index}", slot)
        for command in commands:
            self._say(command)

    def _count(self) -> None:
        """Take over how many requests each target has in flight."""
        counts = in_flight(self._say("show stat"))
        # Before a reload, requests went through a worker that no longer tells of them.
        unseen = 1 if self._process and workers(self._process.pid) > 1 else 0
        for group, slots in self._slots.items():
            names = {slot.address: f"s{index}" for index, slot in enumerate(slots)}
            for target in self._pool.of(group):
                name = names.get(_address(target), "")
                target.in_flight = counts.get((backend_name(group), name), 0) + unseen

    def _say(self, command: str) -> str:
        """One command to the runtime socket; its answer."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(5)
                connection.connect(str(self._socket))
                connection.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError as error:
            log.warning("HAProxy does not answer: %s", error)
            self._frame = ""
            return ""


def _names(listeners: Sequence[Listener], groups: Sequence[str]) -> dict[str, str]:
    """ARNs by the names that HAProxy's log and statistics have."""
    return {
        **{frontend_name(one.place): one.place.load_balancer for one in listeners},
        **{backend_name(group): group for group in groups},
    }


def _bound(listener: Listener) -> tuple[str, int]:
    return listener.place.address, listener.place.real_port


def _short(path: Path) -> Path:
    """`path`, or one elsewhere where the name of a socket would be too long for the system."""
    if len(str(path)) <= LONGEST_SOCKET:
        return path
    return Path(tempfile.mkdtemp(prefix="slipway-")) / path.name


def in_flight(table: str) -> dict[tuple[str, str], int]:
    """Requests in flight by backend and server, from `show stat`."""
    lines = table.lstrip("# ").splitlines()
    columns = lines[0].split(",") if lines else []
    if "scur" not in columns:
        return {}
    place = columns.index("scur")
    rows = [line.split(",") for line in lines[1:] if line]
    return {(row[0], row[1]): int(row[place] or 0) for row in rows}


def workers(master: int, proc: Path = Path("/proc")) -> int:
    """How many workers a HAProxy has; one that was replaced stays until its requests are done.

    Where the system does not tell (no /proc), there is one.
    """
    try:
        return len((proc / str(master) / "task" / str(master) / "children").read_text().split())
    except OSError:
        return 1


def _commands(server: str, slot: Slot) -> list[str]:
    if slot.state == "ready":
        ip, _, port = slot.address.rpartition(":")
        return [
            f"set server {server} addr {ip} port {port}",
            f"set server {server} weight 1",
            f"set server {server} state ready",
        ]
    return [f"set server {server} state {slot.state}"]


def _address(target: Target) -> str:
    return f"{target.key.id}:{target.key.port}"


def _state(target: Target | None, able: set[str]) -> str:
    if target is None:
        return "maint"
    if target.draining:
        return "drain"
    # A target that is not healthy keeps the requests that it has.
    return "ready" if _address(target) in able else "drain"


def _die_with_parent() -> None:
    """An orphan would share our ports with the next instance (Linux only)."""
    if hasattr(ctypes.CDLL(None), "prctl"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
