"""What a deploy was asked for, and what it has come to so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from slipway.config import Service
from slipway.infra.apply import StackOutcome
from slipway.model import Verdict
from slipway.release.world import Built
from slipway.rollout.model import Outcome, Rollout

OnInterrupt = Literal["rollback", "detach"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to deploy. `wait` is how long to wait for somebody else's deploy, in seconds."""

    refresh: bool = False
    allow_destroy: tuple[str, ...] = ()
    wait: int = 0
    on_interrupt: OnInterrupt = "rollback"


@dataclass(kw_only=True)
class Progress:
    """What a deploy has come to so far; every step adds its part."""

    options: Options
    images: dict[str, Built] = field(default_factory=dict)
    stacks: dict[str, StackOutcome] = field(default_factory=dict)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    def released(self, service: Service) -> bool:
        """Whether a rollout of `service` has ended and was one: not only found it unchanged."""
        rollout = self.rollouts.get(service.name)
        outcome = rollout.outcome if rollout else None
        return outcome is not None and outcome.verdict is not Verdict.UNCHANGED

    def outcome(self, service: str) -> Outcome:
        """How the rollout of `service` ended."""
        outcome = self.rollouts[service].outcome
        assert outcome, f"{service}: the rollout has not ended"
        return outcome

    def url(self, service: str) -> str:
        """Where `service` answers."""
        return str(self.stacks[service].outputs["url"])
