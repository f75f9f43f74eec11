"""What an observed deployment of CodeDeploy means, and what to do before and after one. Pure.

Success is narrow here too: *our* task set is the service's primary one, with all the requests, at
the intended count, and the last validation passed. The standby of the old tasks goes on after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slipway.model import Verdict
from slipway.rollout.decide import WAIT, Decision, Deployment, Snapshot, Watched, short

ENDED = ("Succeeded", "Failed", "Stopped")
DONE = ("Succeeded", "Skipped")
LAST = "AfterAllowTraffic"

PATIENCE = 15.0
"""Seconds that a failed deployment gets to name the one that undoes it."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One deployment of CodeDeploy. `events` are its lifecycle events with their states, in order.

    `undo` is the id of the deployment that undoes it, `undoes` of the one that it undoes. `weights`
    are percent of the requests by task set. `standby` is minutes that the old tasks are to stay.
    """

    id: str
    status: str
    task_definition: str = ""
    events: tuple[tuple[str, str], ...] = ()
    weights: tuple[tuple[str, int], ...] = ()
    code: str = ""
    message: str = ""
    undo: str = ""
    undoes: str = ""
    listener: str = ""
    standby: int = 0

    @property
    def running(self) -> bool:
        return self.status not in ENDED

    @property
    def event(self) -> str:
        """The lifecycle event that is under way, or ""."""
        return next((name for name, state in self.events if state == "InProgress"), "")

    @property
    def validated(self) -> bool:
        """Whether its last event is over, and went well."""
        return dict(self.events).get(LAST) in DONE or self.status == "Succeeded"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A service and the deployment that we watch. `undo` is what undoes it.

    `ended_for` is how long ago, in seconds, we first saw that it was over.
    """

    service: Snapshot
    ours: Shift
    undo: Shift | None = None
    ended_for: float = 0.0


def decide(now: Picture, watched: Watched) -> Decision:
    """Whether the watched deployment has ended, and how."""
    primary = now.service.primary
    if now.service.status != "ACTIVE" or primary is None:
        return _end(Verdict.FAILED, f"the service is {now.service.status} in ECS")
    if now.ours.status in ("Failed", "Stopped"):
        return _returned(now, primary, watched) if watched.returning else _undone(now, watched)
    if watched.returning:
        return WAIT if now.ours.running else _too_late(now.ours)
    if _arrived(now, primary, watched):
        return _end(Verdict.DEPLOYED)
    if now.ours.status == "Succeeded" and primary.task_definition != watched.task_definition:
        took_over = f"{short(primary.task_definition)} took over after {now.ours.id}"
        return _end(Verdict.SUPERSEDED, took_over)
    return WAIT


def _arrived(now: Picture, primary: Deployment, watched: Watched) -> bool:
    enough = primary.running >= now.service.desired == primary.desired
    weight = dict(now.ours.weights).get(primary.id, 100)
    ours = primary.task_definition == watched.task_definition and primary.source in (
        "",
        now.ours.id,
    )
    return ours and enough and weight == 100 and now.ours.validated


def _returned(now: Picture, primary: Deployment, watched: Watched) -> Decision:
    """A way back is done once the old revision has the requests; the new tasks may still drain."""
    if primary.task_definition == watched.task_definition:
        return _end(Verdict.DEPLOYED)
    return _undone(now, watched)


def _undone(now: Picture, watched: Watched) -> Decision:
    """Our deployment failed or was stopped: what serves is what counts."""
    why = f"CodeDeploy's {now.ours.id} {_how(now.ours)}"
    if now.undo and now.undo.running:
        return WAIT
    if now.undo and now.undo.status != "Succeeded":
        return _end(Verdict.FAILED, f"{why}, and so did the way back: {_how(now.undo)}")
    if now.undo is None and (now.ours.undo or now.ended_for < PATIENCE):
        return WAIT
    primary = now.service.primary
    assert primary
    serves = short(primary.task_definition)
    if primary.task_definition == watched.task_definition:
        return _end(Verdict.FAILED, f"{why}; {serves} serves on")
    if watched.previous not in ("", primary.task_definition):
        return _end(Verdict.SUPERSEDED, f"{why}; {serves} took over")
    if now.undo:
        return _end(Verdict.ROLLED_BACK, f"{why}; back at {serves}")
    return _end(Verdict.FAILED, f"nothing had changed when {why}; {serves} serves on")


def _too_late(ours: Shift) -> Decision:
    return _end(Verdict.FAILED, f"{ours.id} succeeded before it could be stopped")


def _how(shift: Shift) -> str:
    verb = {"Failed": "failed", "Stopped": "was stopped"}.get(shift.status, shift.status)
    told = (shift.message or shift.code).rstrip(".")
    return f"{verb} ({told})" if told else verb


def _end(verdict: Verdict, reason: str = "") -> Decision:
    return Decision(verdict=verdict, reason=reason)


@dataclass(frozen=True)
class Plan:
    """What to do with the deployment that runs, and what then.

    `create`: start one of our own, as soon as `end` is over if there is one. `attach`, `follow`:
    watch the one that runs. `stop`: stop it, so that it is undone. `settle`: nothing is to be done.
    `refuse`: it is somebody else's.
    """

    action: Literal["create", "attach", "follow", "stop", "settle", "refuse"]
    end: bool = False
    """Whether the standby that runs is to be ended first."""


def forward(service: Snapshot, running: Shift | None, wanted: frozenset[str]) -> Plan:
    """How to begin; `wanted` are the revisions with the content that is to be rolled out."""
    primary = service.primary
    serving = primary is not None and primary.task_definition in wanted
    if running is None:
        return Plan("settle") if serving else Plan("create")
    if running.undoes:
        return Plan("create")
    if standing_by(service, running):
        return Plan("settle") if serving else Plan("create", end=True)
    return Plan("attach") if _leads_to(service, running) in wanted else Plan("refuse")


def backward(service: Snapshot, running: Shift | None, previous: str) -> Plan:
    """How to get back to the revision `previous`."""
    primary = service.primary
    serving = primary is not None and primary.task_definition == previous
    if running is None:
        return Plan("settle") if serving else Plan("create")
    if running.undoes:
        return Plan("follow") if serving or origin(service, running) == previous else Plan("create")
    standby = standing_by(service, running)
    if standby and serving:
        return Plan("settle")
    if origin(service, running) == previous:
        return Plan("stop")
    if standby:
        return Plan("create", end=True)
    return Plan("attach") if _leads_to(service, running) == previous else Plan("refuse")


def standing_by(service: Snapshot, running: Shift) -> bool:
    """Whether all requests have moved and only the old tasks are waited for."""
    primary = service.primary
    return primary is not None and primary.source == running.id and running.validated


def _leads_to(service: Snapshot, running: Shift) -> str:
    """The revision that a deployment rolls out."""
    green = next((each for each in service.deployments if each.source == running.id), None)
    return green.task_definition if green else running.task_definition


def origin(service: Snapshot, running: Shift) -> str:
    """The revision that a deployment, or the one that it undoes, came from; "" if it is gone."""
    origin = running.undoes or running.id
    blue = [each for each in service.deployments if each.source != origin and each.desired]
    blue.sort(key=lambda each: not each.primary)
    return blue[0].task_definition if blue else ""
