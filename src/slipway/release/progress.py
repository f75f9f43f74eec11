"""What a deploy was asked for, and what it has come to so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slipway.infra.apply import StackOutcome
from slipway.release.ledger import Kind, Release
from slipway.release.world import Built
from slipway.rollout.model import Outcome, Rollout

OnInterrupt = Literal["rollback", "detach"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to deploy. `wait` is how long to wait for somebody else's deploy, in seconds.

    `way_back` refuses a deploy after which there would be none. `at_most` services are rolled out
    at the same time; `only_changed` leaves those alone of which nothing has changed. `kind` and
    `origins` (by service) go into the ledger. `expected` are the facts of the plan to deploy.
    """

    refresh: bool = False
    allow_destroy: tuple[str, ...] = ()
    wait: int = 0
    on_interrupt: OnInterrupt = "rollback"
    way_back: bool = True
    at_most: int = 10
    only_changed: bool = False
    expected: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "deploy"
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Progress:
    """What a deploy has come to so far; every step adds its part.

    `chosen` are the services that it is about.
    `settled` are outcomes without a rollout: of services that failed before it, or were skipped.
    `unsure` are services of which nobody can tell whether their rollout began.
    `smoke` has an entry for each service that was verified: `passed`, or `none` without requests.
    `problem` is what ended the deploy, `stopped` says that it was a signal.
    """

    options: Options
    chosen: tuple[str, ...] = ()
    images: dict[str, Built] = field(default_factory=dict)
    stacks: dict[str, StackOutcome] = field(default_factory=dict)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    settled: dict[str, Outcome] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    records: dict[str, Release] = field(default_factory=dict)
    smoke: dict[str, str] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    problem: str = ""
    stopped: bool = False

    def known(self, service: str) -> Outcome | None:
        """How the deploy of `service` ended, if it has."""
        rollout = self.rollouts.get(service)
        return rollout.outcome if rollout else self.settled.get(service)

    def outcome(self, service: str) -> Outcome:
        """How the deploy of `service` ended."""
        outcome = self.known(service)
        assert outcome, f"{service}: the rollout has not ended"
        return outcome

    @property
    def bad(self) -> frozenset[str]:
        """The services whose deploy has ended, and not well."""
        ended = {name: each.outcome for name, each in self.rollouts.items() if each.outcome}
        return frozenset(
            name for name, each in {**self.settled, **ended}.items() if not each.verdict.good
        )

    def url(self, service: str) -> str:
        """Where `service` answers; "" while nobody knows."""
        stack = self.stacks.get(service)
        return str(stack.outputs.get("url", "")) if stack else ""
