"""Tasks that started before a secret got its value: they keep the one before until they restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from slipway import names
from slipway.aws import calls, error_code
from slipway.release.parallel import side_by_side
from slipway.rollout.observe import batched

if TYPE_CHECKING:
    from datetime import datetime

    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.secrets import Secret

_ABSENT = frozenset({"ClusterNotFoundException", "ServiceNotFoundException"})
_AT_ONCE = 100
"""Tasks per DescribeTasks: the API's limit."""


@dataclass(frozen=True, kw_only=True)
class Users:
    """The running tasks of a service, and how many of them have an earlier value."""

    tasks: int
    outdated: int

    def __str__(self) -> str:
        if not self.tasks:
            return "no tasks"
        return (
            f"{self.outdated} of {self.tasks} have an earlier one" if self.outdated else "have it"
        )


def users(started: Sequence[datetime], changed: datetime | None) -> Users:
    """Who has what, of tasks created at `started`; pure.

    Secrets are read between a task's creation and its start. What was created before the change
    counts as outdated: restarted once too often is better than once too rarely.
    """
    outdated = sum(1 for each in started if changed and each < changed)
    return Users(tasks=len(started), outdated=outdated)


def started(aws: Aws, settings: Settings, services: Iterable[str]) -> dict[str, list[datetime]]:
    """When the running tasks of each service were created (UTC); none where it is not deployed."""
    with calls("looking at the running tasks"):
        return side_by_side({name: partial(_started, aws, settings, name) for name in services})


def table(
    secrets: Iterable[Secret], tasks: Mapping[str, Sequence[datetime]]
) -> list[tuple[Secret, Users]]:
    """Each secret with those that use it; pure."""
    return [(each, users(tasks[each.service], each.changed)) for each in secrets]


def to_restart(found: Iterable[tuple[Secret, Users]]) -> list[str]:
    """The services with tasks that have an earlier value of one of these; pure."""
    return sorted({secret.service for secret, each in found if each.outdated})


def restart_command(environment: str, services: Sequence[str]) -> str:
    """What to type to give running tasks their new values."""
    return f"uv run invoke restart --env={environment} --service={','.join(services)}"


def _started(aws: Aws, settings: Settings, service: str) -> list[datetime]:
    cluster = names.cluster(settings)
    try:
        pages = aws.ecs.get_paginator("list_tasks").paginate(
            cluster=cluster, serviceName=names.service(settings, service), desiredStatus="RUNNING"
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
    except Exception as error:
        if error_code(error) in _ABSENT:
            return []
        raise
    return [
        task["createdAt"]
        for some in batched(arns, _AT_ONCE)
        for task in aws.ecs.describe_tasks(cluster=cluster, tasks=list(some))["tasks"]
    ]
