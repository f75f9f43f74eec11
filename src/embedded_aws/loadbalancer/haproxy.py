"""HAProxy as the data plane: one process that is kept in step with the API and with target health.

The files always hold the whole truth, targets and weights included, so that a reload changes
nothing else. Between reloads, targets come, drain and go and weights change through the runtime
sockets: only listeners, conditions and target groups need a reload.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws.loadbalancer import haproxy_runtime
from embedded_aws.loadbalancer.addresses import can_bind
from embedded_aws.loadbalancer.choice import eligible
from embedded_aws.loadbalancer.haproxy_config import (
    WEIGHTS,
    Listener,
    Slot,
    as_map,
    backend_name,
    frontend_name,
    render,
    shares,
    slots_needed,
)
from embedded_aws.loadbalancer.haproxy_log import Log
from embedded_aws.loadbalancer.haproxy_runtime import Runtime
from embedded_aws.loadbalancer.listeners import Place

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool, Target
    from embedded_aws.loadbalancer.traffic import Answer

log = logging.getLogger("embedded.haproxy")

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Told:
    """What HAProxy knows beside its listeners: the slots of each group, and the weights."""

    slots: Mapping[str, Sequence[Slot]] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)


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
        self._runtime = Runtime(folder / "haproxy.sock")
        self._pool = pool
        self._look = look
        self._process: subprocess.Popen[bytes] | None = None
        self._frame = ""
        self._told = Told()
        self._serving: set[tuple[str, int]] = set()
        self._failed: dict[Place, str] = {}
        self._names: dict[str, str] = {}
        self._log = Log(Path(f"{self._runtime.socket}.log"), lambda: self._names)
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
        wanted = Told(slots=slots, weights=shares(listeners, groups))
        frame = render("", listeners, {g: [Slot()] * len(s) for g, s in slots.items()})
        draining = [t for group in groups for t in self._pool.of(group) if t.draining]
        for target in draining:
            # Until HAProxy has been told, and says that it has nothing for it.
            target.in_flight = max(1, target.in_flight)
        try:
            await self._bring(listeners, wanted, frame)
        except OSError:
            # Whatever it knows: begin anew.
            self._frame = ""
            raise
        if draining:
            await asyncio.to_thread(self._count, draining)

    async def _bring(self, listeners: Sequence[Listener], wanted: Told, frame: str) -> None:
        changed = frame != self._frame or not self._running
        fresh = changed and await self._load(listeners, wanted, frame)
        if self._running and not fresh and wanted != self._told:
            await asyncio.to_thread(self._apply, self._told, wanted)
        self._told = wanted

    async def close(self) -> None:
        """End HAProxy."""
        if self._process and self._running:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)
        await asyncio.to_thread(self._log.close)
        self._runtime.close()

    def connections(self) -> Counter[str]:
        """Connections of clients, by load balancer."""
        found: Counter[str] = Counter()
        for (name, kind), count in self._fronts().items():
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
        before = self._told.slots.get(group, [])
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

    async def _load(self, listeners: Sequence[Listener], wanted: Told, frame: str) -> bool:
        """Write the files; whether there is a worker that has read them."""
        self._file.write_text(render(str(self._runtime.socket), listeners, wanted.slots))
        self._file.with_name(WEIGHTS).write_text(as_map(wanted.weights))
        problem = await asyncio.to_thread(self._problem)
        # Not again before something changes, also where it was refused.
        self._frame = frame
        if problem:
            log.error("HAProxy refuses its configuration: %s", problem)
            return False
        return await self._begin()

    async def _begin(self) -> bool:
        """Start or reload; whoever goes on before the new worker serves tells it nothing."""
        before = await asyncio.to_thread(self._runtime.worker) if self._running else 0
        if self._running and self._process:
            self._process.send_signal(signal.SIGUSR2)
        else:
            self._start()
        if not await self._runtime.begun(before, lambda: self._running):
            log.error("HAProxy does not begin to serve")
            return False
        try:
            await asyncio.to_thread(self._runtime.retire)
        except OSError as error:
            # It ends within two minutes; another reload would not make it hear.
            log.warning("a worker that was replaced does not hear: %s", error)
        return True

    def _problem(self) -> str:
        argv = [self._program, "-c", "-f", str(self._file)]
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, cwd=self._file.parent
        )
        return done.stderr.strip() if done.returncode else ""

    def _start(self) -> None:
        if not self._log.reads:
            self._log.start(self._note)
        master = f"{self._runtime.master},mode,600"
        # From the main thread: the signal comes when the thread that started it ends.
        self._process = subprocess.Popen(
            [self._program, "-W", "-q", "-S", master, "-f", str(self._file)],
            stdin=subprocess.DEVNULL,
            cwd=self._file.parent,
            preexec_fn=_die_with_parent,
        )

    def _apply(self, before: Told, wanted: Told) -> None:
        """Tell HAProxy what differs, in an order in which no request is left without a target."""
        self._runtime.tell(haproxy_runtime.opened(before.slots, wanted.slots))
        if wanted.weights != before.weights:
            self._runtime.weigh(wanted.weights)
        self._runtime.tell(haproxy_runtime.shut(before.slots, wanted.slots))

    def _count(self, draining: Sequence[Target]) -> None:
        """Take over how many requests each of these targets has in flight."""
        counts = self._runtime.in_flight()
        for target in draining:
            group, address = target.key.group, _address(target)
            names = {slot.address: f"s{n}" for n, slot in enumerate(self._told.slots[group])}
            target.in_flight = counts[backend_name(group), names.get(address, "")]

    def _fronts(self) -> Mapping[tuple[str, str], int]:
        try:
            return haproxy_runtime.in_flight(self._runtime.statistics())
        except OSError as error:
            log.warning("HAProxy does not answer: %s", error)
            return {}


def _names(listeners: Sequence[Listener], groups: Sequence[str]) -> dict[str, str]:
    """ARNs by the names that HAProxy's log and statistics have."""
    return {
        **{frontend_name(one.place): one.place.load_balancer for one in listeners},
        **{backend_name(group): group for group in groups},
    }


def _bound(listener: Listener) -> tuple[str, int]:
    return listener.place.address, listener.place.real_port


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
