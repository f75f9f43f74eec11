"""The targets that the load balancers know: health, requests in flight, draining.

MiniStack holds what is registered; this follows it, checks the health of each target and keeps one
that was deregistered until its requests are answered or the deregistration delay is over. All of it
lives on the event loop; other threads only read snapshots.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from embedded_aws.loadbalancer import health
from embedded_aws.loadbalancer.health import Health
from embedded_aws.loadbalancer.prober import probe

log = logging.getLogger("embedded.targets")

REGISTRATION = 1.0
"""Seconds before a new target's first check; AWS takes a few."""

SETTLE = 1.0
"""Seconds that a deregistered target stays at least, for requests that are on their way."""


class Key(NamedTuple):
    """A target of a target group."""

    group: str
    id: str
    port: int


@dataclass
class Target:
    """What is known of a target; `leaves` is the latest time (monotonic, s) of its draining."""

    key: Key
    health: Health = health.REGISTERING
    in_flight: int = 0
    drained_from: float = 0.0
    leaves: float = 0.0
    checker: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def draining(self) -> bool:
        return self.leaves > 0


@dataclass(frozen=True)
class View:
    """What is registered, as MiniStack has it now."""

    targets: frozenset[Key]
    groups: Mapping[str, Mapping[str, Any]]
    delays: Mapping[str, int]
    used: frozenset[str]


class Pool:
    """All targets of all target groups."""

    def __init__(self, look: Callable[[], View]) -> None:
        self._look = look
        self._targets: dict[Key, Target] = {}
        self._view = View(frozenset(), {}, {}, frozenset())

    def of(self, group: str) -> list[Target]:
        """The targets of a group, draining ones included."""
        return [target for key, target in list(self._targets.items()) if key.group == group]

    def get(self, key: Key) -> Target | None:
        return self._targets.get(key)

    def knows(self, address: str | None) -> bool:
        """Whether anything at this address is registered or draining, anywhere."""
        return any(key.id == address for key in list(self._targets))

    def longest_delay(self, address: str | None) -> int:
        """The longest deregistration delay (s) of the groups that have something there."""
        groups = {key.group for key in list(self._targets) if key.id == address}
        return max((self._view.delays.get(group, 300) for group in groups), default=0)

    def shown(self, target: Target) -> Health:
        """The health of a target as the API tells it."""
        if target.draining:
            return health.DRAINING
        if target.key.group not in self._view.used:
            return health.UNUSED
        return target.health

    def follow(self) -> None:
        """Take over what was registered and deregistered since the last time."""
        self._view = self._look()
        for key in self._view.targets - self._targets.keys():
            self._enter(key)
        for key, target in list(self._targets.items()):
            if key in self._view.targets and target.draining:
                self._enter(key)
            elif key not in self._view.targets:
                self._leave(target)

    async def close(self) -> None:
        """End all checks."""
        tasks = [target.checker for target in self._targets.values() if target.checker]
        self._targets.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _enter(self, key: Key) -> None:
        self._forget(key)
        target = Target(key)
        self._targets[key] = target
        target.checker = asyncio.create_task(self._check(target))

    def _leave(self, target: Target) -> None:
        now = time.monotonic()
        if not target.draining:
            delay = self._view.delays.get(target.key.group, 300)
            target.drained_from, target.leaves = now, now + delay
            if target.checker:
                target.checker.cancel()
        settled = now - target.drained_from >= SETTLE and target.in_flight == 0
        if settled or now >= target.leaves or target.key.group not in self._view.groups:
            self._forget(target.key)

    def _forget(self, key: Key) -> None:
        target = self._targets.pop(key, None)
        if target and target.checker:
            target.checker.cancel()

    async def _check(self, target: Target) -> None:
        """Check one target for as long as it is registered."""
        await asyncio.sleep(REGISTRATION)
        target.health = health.INITIAL
        while True:
            group = self._view.groups.get(target.key.group)
            if group is None:
                return
            check = health.check_of(group)
            if not check.enabled:
                target.health = health.UNCHECKED
            elif target.key.group in self._view.used:
                began = time.monotonic()
                outcome = await probe(target.key.id, target.key.port, check)
                self._judge(target, outcome, check)
                await asyncio.sleep(max(0.0, check.interval - (time.monotonic() - began)))
                continue
            await asyncio.sleep(1.0)

    def _judge(self, target: Target, outcome: health.Outcome, check: health.Check) -> None:
        new = health.after(target.health, outcome, check)
        if new.state != target.health.state:
            log.info("%s:%s is %s %s", target.key.id, target.key.port, new.state, new.reason)
        target.health = new
