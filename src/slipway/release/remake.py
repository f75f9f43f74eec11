"""Making a service anew where its controller changes: ECS has room for one of its name."""

from __future__ import annotations

from collections.abc import Callable

from slipway import names, signals
from slipway.aws import calls
from slipway.config import Service
from slipway.errors import DeployError
from slipway.release import preflight
from slipway.release.world import Site
from slipway.rollout import observe

POLL, PATIENCE = 3.0, 600
"""Seconds between two looks, and until a service that drains is given up."""


def make_room(
    world: Site, service: Service, *, pause: Callable[[float], None] = signals.sleep
) -> None:
    """Remove the service in ECS where another controller is to roll it out; else do nothing.

    `preflight.refuse` has asked before. Terraform then sees that it is gone, and makes it anew.
    """
    found = preflight.live(world.settings, world.aws).get(service.name)
    if found is None or found.controller == preflight.controller(service):
        return
    world.console.detail(f"{service.name}: removing it from ECS, to be made anew")
    cluster, name = names.cluster(world.settings), names.service(world.settings, service.name)
    with calls(f"removing {service.name} from ECS"):
        world.aws.ecs.delete_service(cluster=cluster, service=name, force=True)
        for _ in range(int(PATIENCE / POLL)):
            if observe.snapshots(world.aws.ecs, cluster, [name])[name].status != "DRAINING":
                return
            pause(POLL)
    raise DeployError(
        f"{service.name}: ECS has been draining it for {PATIENCE} s",
        next_step="look at its tasks in ECS; deploy again when they are gone",
    )
