"""What is looked at, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from slipway.rollout.decide import Snapshot
from slipway.rollout.scaling import Bounds

Kind = Literal[
    "terraform", "deployed", "task_definition", "release", "scaling", "listener", "template"
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference: of a stack or a service (`of`), in a sentence, with names and no values."""

    of: str
    kind: Kind
    text: str
    next_step: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """What could not be looked at, and why."""

    of: str
    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that was found in an environment."""

    environment: str
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looked_at: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 nothing differs, 1 something does, 2 not all could be looked at."""
        return 2 if self.gaps else 1 if self.findings else 0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A listener rule that leads to the service; `shares` are percent by target group."""

    arn: str
    shares: Mapping[str, int]
    test: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What there is of a service. None: it could not be looked at, and nothing is said of it.

    `running` and `template` are task definitions, the second with the running image put in.
    `released` is the task definition of the last verified release, "" without one. `rules_known`
    are those that Terraform made.
    """

    service: str
    family: str
    declared: tuple[int, int]
    strategy: str = "rolling"
    seen: Snapshot | None = None
    shifting: bool = False
    running: Mapping[str, Any] | None = None
    template: Mapping[str, Any] | None = None
    released: str | None = None
    bounds: Bounds | None = None
    rules: tuple[Rule, ...] | None = None
    rules_known: frozenset[str] = field(default_factory=frozenset)
    group: str = ""
