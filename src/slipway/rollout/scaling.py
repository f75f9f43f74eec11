"""How many tasks a service runs, and between which bounds scaling may move that. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.rollout.decide import WAIT, Decision, Snapshot, short


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Fewest and most tasks that Application Auto Scaling may choose; `suspended` names parts."""

    least: int
    most: int
    suspended: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.least} to {self.most}"


def bounds(now: Bounds | None, to: int, least: int | None, most: int | None) -> Bounds | None:
    """The bounds that let a service have `to` tasks: those of now, as wide as they have to be.

    `least` and `most` are what was asked for. Raises `UsageError` for what can't be meant.
    """
    if to < 0:
        raise UsageError(f"scale: --to={to}: at least 0")
    if now is None:
        if least is not None or most is not None:
            raise UsageError(
                "scale: --min and --max bound scaling, which is off in this environment",
                next_step="leave them out: without scaling --to holds",
            )
        return None
    wanted = replace(
        now,
        least=min(now.least, to) if least is None else least,
        most=max(now.most, to, 1) if most is None else most,
    )
    if not 0 <= wanted.least <= to <= wanted.most:
        raise UsageError(
            f"scale: --to={to} does not lie between --min={wanted.least} and --max={wanted.most}"
        )
    return wanted


def arrived(now: Snapshot, deployment: str, to: int) -> Decision:
    """Whether as many tasks run as were asked for, or somebody else decides by now."""
    primary = now.primary
    if now.status != "ACTIVE" or primary is None:
        return Decision(verdict=Verdict.FAILED, reason=f"the service is {now.status} in ECS")
    if primary.id != deployment:
        reason = f"deployment {primary.id} of {short(primary.task_definition)} took over"
        return Decision(verdict=Verdict.SUPERSEDED, reason=reason)
    if now.desired != to:
        reason = f"{now.desired} tasks are wanted by now: scaling or somebody else changed it"
        return Decision(verdict=Verdict.SUPERSEDED, reason=reason)
    if primary.desired == primary.running == to and not primary.pending:
        return Decision(verdict=Verdict.DEPLOYED)
    return WAIT
