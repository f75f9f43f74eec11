"""The drills: what goes wrong, how the rollout has to end, and what clients may see of it; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from slipway.config import Service
from slipway.config.nearest import did_you_mean, nearest
from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.rehearse import programs
from slipway.rehearse.variants import Program, same

Needs = Literal["", "secrets", "database"]
ALL, NONE = "all", "none"


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One fault. `does` is what it does, `program` what the containers run because of it.

    `faults` are what the embedded AWS does otherwise meanwhile. `kills` ends the deploy itself in
    the middle. `lossless`: no client may notice. `needs` is what the service must have for it.
    """

    name: str
    does: str
    expects: Callable[[Service], frozenset[Verdict]]
    program: Program = same
    faults: Mapping[str, object] = field(default_factory=dict)
    kills: bool = False
    lossless: bool = True
    needs: Needs = ""


def ends(*verdicts: Verdict) -> Callable[[Service], frozenset[Verdict]]:
    """Expects one of these verdicts of every service."""
    return lambda service: frozenset(verdicts)  # noqa: ARG005


def unmigrated(otherwise: Verdict) -> Callable[[Service], frozenset[Verdict]]:
    """Expects a migration to fail, before any rollout; `otherwise` of a service without one."""
    return lambda service: frozenset({Verdict.FAILED if service.database.migrate else otherwise})


def delay(service: Service) -> float:
    """Seconds of a slow start: well within the time in which failing checks don't count."""
    return service.health.grace / 2


DRILLS: tuple[Drill, ...] = (
    Drill(
        name="crash_on_start",
        does="the new containers end with code 1 as they start",
        expects=ends(Verdict.ROLLED_BACK),
        program=lambda *_: programs.CRASH,
    ),
    Drill(
        name="failing_health",
        does="the new containers answer every request with 503",
        expects=ends(Verdict.ROLLED_BACK),
        program=lambda *_: programs.server(routed=503, direct=503),
    ),
    Drill(
        name="slow_start",
        does="the new containers wait for half of the grace period before they start",
        expects=ends(Verdict.DEPLOYED),
        program=lambda service, command: programs.late(command, delay(service)),
    ),
    Drill(
        name="errors_after_shift",
        does="the new containers pass every health check, and answer clients with 500",
        expects=ends(Verdict.ROLLED_BACK),
        program=lambda *_: programs.server(routed=500),
        lossless=False,
    ),
    Drill(
        name="memory_hog",
        does="the new containers take more memory than their task has",
        expects=ends(Verdict.ROLLED_BACK),
        program=lambda service, _: programs.hog(service.memory),
    ),
    Drill(
        name="missing_secret",
        does="Secrets Manager has none of the secrets when the new tasks start",
        expects=unmigrated(Verdict.ROLLED_BACK),
        faults={"secrets": "gone"},
        needs="secrets",
    ),
    Drill(
        name="slow_drain",
        does=f"some requests take {programs.SLOW} s, and are under way in tasks that are replaced",
        expects=ends(Verdict.DEPLOYED),
        program=lambda *_: programs.server(seconds=programs.SLOW),
    ),
    Drill(
        name="database_gone",
        does="the database servers are stopped",
        expects=unmigrated(Verdict.DEPLOYED),
        faults={"databases": "gone"},
        lossless=False,
        needs="database",
    ),
    Drill(
        name="throttled_api",
        does="AWS refuses 30 % of all calls as too many",
        expects=ends(Verdict.DEPLOYED),
        faults={"throttle": 0.3},
    ),
    Drill(
        name="tool_killed",
        does="the deploy is killed in the middle of the rollout, and run again",
        expects=ends(Verdict.DEPLOYED, Verdict.UNCHANGED),
        kills=True,
    ),
)
NAMES = tuple(each.name for each in DRILLS)


def chosen(names: Iterable[str]) -> tuple[Drill, ...]:
    """The drills of these names, in the catalogue's order; `all` and `none` are names too.

    Raises `UsageError` with the nearest name for one that is not there.
    """
    wanted = set(names)
    for name in wanted:
        if name not in (*NAMES, ALL, NONE):
            meant = nearest(name, NAMES)
            raise UsageError(
                f"no drill called {name!r}{did_you_mean(meant)}; there are: {', '.join(NAMES)}",
                next_step=f"pass --drill={meant or ALL}",
            )
    return tuple(each for each in DRILLS if ALL in wanted or each.name in wanted)


def lacks(drill: Drill, service: Service) -> str:
    """Why a drill says nothing about a service, or ""."""
    if not service.scale.min:
        return f"{service.name} has no tasks (scale.min = 0)"
    secrets = bool(service.secrets or service.database.enabled)
    has = {"": True, "secrets": secrets, "database": service.database.enabled}
    return "" if has[drill.needs] else f"{service.name} has no {drill.needs}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a drill went. Times are monotonic; `seconds` are those of the faulty rollout alone.

    `seen` is a verdict, "" where the drill does not apply, which `note` explains. `restored` says
    that the version before, or the candidate again, serves after it.
    """

    drill: str
    does: str
    service: str
    expected: tuple[str, ...]
    seen: str
    lossless: bool = True
    began: float = 0
    ended: float = 0
    seconds: float = 0
    requests: int = 0
    failed: int = 0
    cause: str = ""
    restored: bool = True
    note: str = ""

    @property
    def applies(self) -> bool:
        return bool(self.seen)

    @property
    def good(self) -> bool:
        """Whether it ended as it has to; one that does not apply is no failure."""
        unnoticed = not (self.lossless and self.failed)
        return not self.applies or (self.seen in self.expected and unnoticed and self.restored)


def inapplicable(drill: Drill, service: Service, why: str) -> Result:
    """The result of a drill that says nothing about a service."""
    return Result(
        drill=drill.name, does=drill.does, service=service.name, expected=(), seen="", note=why
    )
