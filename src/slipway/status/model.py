"""What one look finds of a service, and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from slipway.release.ledger import Release
from slipway.rollout.decide import Snapshot
from slipway.rollout.shifting import Shift

Health = Literal[
    "healthy", "deploying", "degraded", "alarm", "failed", "off", "job", "not deployed", "unknown"
]


@dataclass(frozen=True, kw_only=True)
class Releases:
    """The newest release, the newest of the revision at work, the newest that was verified."""

    newest: Release | None = None
    serving: Release | None = None
    verified: Release | None = None


@dataclass(frozen=True, kw_only=True)
class Targets:
    """How many targets of the load balancer there are, and how many of them are healthy."""

    healthy: int
    all: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found of one service; None is what could not be asked, "" and () that there is none.

    `holder` says who is at work on it, `alarms` are those that are raised, with their reasons.
    `targets` are asked for where they say more than the counts do. `serves`: it has tasks that
    stay; a service that is nothing but jobs is in ECS only while one runs.
    """

    service: str
    serves: bool = True
    snapshot: Snapshot | None = None
    releases: Releases | None = None
    holder: str = ""
    alarms: tuple[tuple[str, str], ...] | None = ()
    targets: Targets | None = None
    shift: Shift | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What that means. `good`: it serves the last verified release, and nothing is wrong.

    `marked`: what serves is not the last verified release. `deployed` is UTC in ISO 8601; counts
    are None where nobody could be asked.
    """

    service: str
    health: Health
    good: bool
    marked: bool = False
    revision: str = ""
    release: str = ""
    version: str = ""
    commit: str = ""
    dirty: bool = False
    by: str = ""
    deployed: str = ""
    desired: int | None = None
    running: int | None = None
    targets: Targets | None = None
    alarms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Status:
    """An environment at one moment. `alarms` are raised ones of no service, `gaps` what nobody
    would tell us, in the words of the refusal."""

    environment: str
    services: tuple[Standing, ...]
    alarms: tuple[str, ...] = ()
    gaps: tuple[str, ...] = field(default=())

    @property
    def good(self) -> bool:
        """Whether all is well, and all is known."""
        return all(each.good for each in self.services) and not self.alarms and not self.gaps
