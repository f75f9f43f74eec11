"""What was found of a service, as one word and what there is to say of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway.release.ledger import Release
from slipway.rollout.decide import Deployment, Snapshot, short
from slipway.rollout.shifting import Shift
from slipway.status.model import Health, Releases, Seen, Standing

NOTHING = Releases()


def decide(seen: Seen) -> Standing:
    """How a service stands."""
    now = seen.snapshot
    primary = now.primary if now else None
    found = seen.releases or NOTHING
    serving = found.serving if seen.serves else found.verified
    health, marked = health_of(seen), differs(found, primary)
    known = None not in (seen.releases, seen.alarms)
    return Standing(
        service=seen.service,
        health=health,
        good=health in ("healthy", "off", "job") and known and not marked,
        marked=marked,
        revision=revision(primary.task_definition) if primary else "",
        **_of_release(serving),
        desired=now.desired if now and seen.serves else None,
        running=now.running if now and seen.serves else None,
        targets=seen.targets,
        alarms=tuple(name for name, _ in seen.alarms or ()),
        notes=tuple(notes(seen)),
    )


def health_of(seen: Seen) -> Health:
    """One word for a service: the first thing that a person wants to know of it."""
    now = seen.snapshot
    if now is None:
        return "unknown"
    if not seen.serves:
        return "job" if seen.releases and seen.releases.verified else "not deployed"
    primary = now.primary
    if now.status != "ACTIVE" or primary is None:
        return "not deployed"
    if moving(now, seen.shift):
        return "deploying"
    if primary.state == "FAILED":
        return "failed"
    if now.desired == 0:
        return "off"
    targets = seen.targets
    if now.running < now.desired or (targets and targets.healthy < now.desired):
        return "degraded"
    return "alarm" if seen.alarms else "healthy"


def moving(now: Snapshot, shift: Shift | None) -> bool:
    """Whether a rollout is under way; the standby after one under CodeDeploy is none."""
    if now.controller == "CODE_DEPLOY":
        return shift is not None and shift.running and not shift.validated
    return any(each.state == "IN_PROGRESS" for each in now.deployments if each.primary)


def differs(found: Releases, primary: Deployment | None) -> bool:
    """Whether something else serves than the last verified release, as far as we know."""
    if primary is None or found.newest is None:
        return False
    return found.verified is None or found.verified.task_definition != primary.task_definition


def notes(seen: Seen) -> Iterator[str]:
    """What a person should know besides."""
    now, found = seen.snapshot, seen.releases or NOTHING
    primary = now.primary if now else None
    if now and primary and moving(now, seen.shift):
        who = seen.holder or "nobody holds its lease"
        yield f"a rollout of revision {_coming(primary, seen.shift)} is under way: {who}"
    elif seen.holder:
        yield f"a deploy is under way: {seen.holder}"
    elif found.newest and found.newest.open:
        yield f"release {found.newest.id} was left open; the next deploy settles it"
    if now and seen.shift and seen.shift.running:
        yield from _shares(now, seen.shift)
    if primary and differs(found, primary):
        yield _difference(found, primary)
    if primary and primary.state == "FAILED" and primary.reason:
        yield primary.reason
    yield from (
        f"alarm {name}: {why}" if why else f"alarm {name}" for name, why in seen.alarms or ()
    )


def share_out(
    alarms: Sequence[tuple[str, str]], services: Mapping[str, str], every: Sequence[str]
) -> tuple[dict[str, tuple[tuple[str, str], ...]], tuple[str, ...]]:
    """Raised alarms by service, and the names of those that belong to none.

    `services` has ECS's name of each; `every` are ECS's names of all services there may be: of
    `shop-orders` and `shop-orders-api` the longer one is meant.
    """
    mine: dict[str, list[tuple[str, str]]] = {name: [] for name in services}
    whose = {full: name for name, full in services.items()}
    others: list[str] = []
    for alarm, why in alarms:
        fitting = [full for full in every if alarm.startswith(f"{full}-")]
        owner = max(fitting, key=len, default="")
        if not owner:
            others.append(alarm)
        elif owner in whose:
            mine[whose[owner]].append((alarm, why))
    return {name: tuple(some) for name, some in mine.items()}, tuple(others)


def revision(task_definition: str) -> str:
    """The number of a revision's ARN."""
    return short(task_definition).rpartition(":")[2]


def _coming(primary: Deployment, shift: Shift | None) -> str:
    return revision(shift.task_definition if shift else primary.task_definition)


def _shares(now: Snapshot, shift: Shift) -> Iterator[str]:
    """How the requests are shared out while CodeDeploy is at work."""
    revisions = {each.id: revision(each.task_definition) for each in now.deployments}
    weights = [(percent, revisions.get(name, "?")) for name, percent in shift.weights]
    shares = ", ".join(f"{percent} % to revision {number}" for percent, number in weights)
    doing = shift.event or ("standby of the old tasks" if shift.validated else shift.status)
    yield f"CodeDeploy's {shift.id}: {doing}{f'; requests: {shares}' if shares else ''}"


def _difference(found: Releases, primary: Deployment) -> str:
    here = f"revision {revision(primary.task_definition)} is at work"
    if found.verified is None:
        return f"{here}, and no release was verified yet"
    last, number = found.verified.id, revision(found.verified.task_definition)
    return f"{here}; the last verified release is {last} (revision {number})"


def _of_release(release: Release | None) -> dict[str, Any]:
    if release is None:
        return {}
    return {
        "release": release.id,
        "version": release.version,
        "commit": release.commit,
        "dirty": release.dirty,
        "by": release.actor.partition(" ")[0],
        "deployed": release.ended or release.began,
    }
