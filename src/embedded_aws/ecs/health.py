"""How tasks are: what target groups and container health checks say of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from embedded_aws.ecs import words
from embedded_aws.engine import INSTANCE_LABEL
from embedded_aws.loadbalancer.pool import Key

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool

log = logging.getLogger("embedded.ecs")
Record = Mapping[str, Any]

GOOD = ("healthy", "unavailable", "unused")
"""States of a target that keep no rollout waiting: nothing checks it, or it passed."""


def of_containers(client: Any, instance: str) -> dict[str, str]:
    """HEALTHY, UNHEALTHY or UNKNOWN by container id, in one question to the engine."""
    found = client.api.containers(filters={"label": f"{INSTANCE_LABEL}={instance}"})
    return {container["Id"]: health_of(container.get("Status", "")) for container in found}


def health_of(status: str) -> str:
    """What the engine's one-line status, as `docker ps` shows it, says of health."""
    if "(healthy)" in status:
        return "HEALTHY"
    return "UNHEALTHY" if "(unhealthy)" in status else "UNKNOWN"


def targets(pool: Pool, service: Record, address: str | None) -> list[tuple[Key, str, str]]:
    """Key, state and description of a task's targets; a missing one is `initial`."""
    found = []
    for entry in service.get("loadBalancers") or []:
        group = entry.get("targetGroupArn")
        if group and address:
            key = Key(group, address, int(entry.get("containerPort", 80)))
            target = pool.get(key)
            health = pool.shown(target) if target else None
            state = health.state if health else "initial"
            found.append((key, state, health.description if health else ""))
    return found


def is_healthy(task: Record, service: Record, found: list[tuple[Key, str, str]]) -> bool:
    """Whether a running task serves: its targets pass, and its container check if it has one."""
    balanced = [e for e in service.get("loadBalancers") or [] if e.get("targetGroupArn")]
    if len(found) < len(balanced) or any(state not in GOOD for _, state, _ in found):
        return False
    return not task.get("_health_checked") or task.get("healthStatus") == "HEALTHY"


def failing(
    task: Record, service: Record, found: list[tuple[Key, str, str]], running_for: float
) -> str:
    """Why the scheduler has to replace a running task, or nothing.

    Within the grace period (seconds since it runs) nothing counts.
    """
    if running_for < int(service.get("healthCheckGracePeriodSeconds") or 0):
        return ""
    if task.get("healthStatus") == "UNHEALTHY":
        return words.UNHEALTHY_CONTAINER
    bad = next((key for key, state, _ in found if state == "unhealthy"), None)
    return words.unhealthy_target(bad.group) if bad else ""
