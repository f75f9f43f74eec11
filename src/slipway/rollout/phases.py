"""What a deployment of CodeDeploy is doing, in words. Pure, but for the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from slipway.rollout.decide import Snapshot
from slipway.rollout.model import Target
from slipway.rollout.shifting import Picture, Shift, standing_by

WORDS = {
    "BeforeInstall": "hook before the new tasks start",
    "Install": "starting the new tasks beside the old ones",
    "AfterInstall": "hook now that the new tasks run",
    "AllowTestTraffic": "leading the test listener to the new tasks",
    "AfterAllowTestTraffic": "hook now that the test listener leads to the new tasks",
    "BeforeAllowTraffic": "hook before the first requests",
    "AllowTraffic": "moving requests to the new tasks",
    "AfterAllowTraffic": "hook now that all requests have moved",
}


def phase(now: Picture) -> str:
    """What is going on."""
    if now.undo and now.undo.running:
        return f"{now.undo.id} takes {now.ours.id} back"
    if not now.ours.running:
        return f"{now.ours.id}: {now.ours.status}"
    if now.ours.status == "Ready":
        return f"{now.ours.id}: trying the new tasks before the first requests"
    if standing_by(now.service, now.ours):
        return f"{now.ours.id}: all requests have moved, the old tasks stand by"
    words = WORDS.get(now.ours.event)
    return f"{now.ours.id}: {words}" if words else f"{now.ours.id}: {now.ours.status}"


def shown(now: Picture) -> Snapshot:
    """The service with what its rollout is doing, and each task set's share of the requests."""
    # Of one that is over, CodeDeploy tells what was, not what is.
    weights = dict(now.ours.weights) if now.ours.running else {}
    sets = tuple(replace(each, share=weights.get(each.id)) for each in now.service.deployments)
    return replace(now.service, deployments=sets, phase=phase(now))


def waiting(identifier: str, before: Shift | None) -> str:
    """Why ours has not begun."""
    if before and before.undoes:
        return f"waiting until {identifier} has taken {before.undoes} back"
    return f"ending the standby of {identifier}: the tasks that it replaced go first"


def standby(target: Target, shift: Shift) -> str:
    """Until when the way back takes seconds, and how to take it."""
    if not shift.standby:
        return ""
    until = datetime.now().astimezone() + timedelta(minutes=shift.standby)
    where = f" --env={target.environment}" if target.environment else ""
    return (
        f"the old tasks stand by until {until:%H:%M:%S}; back in seconds: "
        f"uv run invoke rollback{where} --service={target.name}"
    )
