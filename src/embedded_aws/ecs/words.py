"""AWS's wording of events, reasons and stop codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SCHEDULER = "ServiceSchedulerInitiated"
USER = "UserInitiated"
EXITED = "EssentialContainerExited"
NOT_STARTED = "TaskFailedToStart"

ESSENTIAL_EXITED = "Essential container in task exited"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
UNHEALTHY_CONTAINER = "Task failed container health checks"
TRIPPED = "ECS deployment circuit breaker: tasks failed to start."
INCONSISTENT = (
    "is unable to consistently start tasks successfully. For more information, see the "
    "Troubleshooting section of the Amazon ECS Developer Guide."
)


def progress(deployment: str) -> str:
    return f"ECS deployment {deployment} in progress."


def completed(deployment: str) -> str:
    return f"ECS deployment {deployment} completed."


def rolling_back(deployment: str) -> str:
    return f"ECS deployment circuit breaker: rolling back to deploymentId {deployment}."


def scaling(deployment: str) -> str:
    return f"Scaling activity initiated by (deployment {deployment})"


def unhealthy_target(group: str) -> str:
    return f"Task failed ELB health checks in (target-group {group})"


def unhealthy_event(port: int, group: str, description: str) -> str:
    return f"(port {port}) is unhealthy in (target-group {group}) due to (reason {description})."


def started(arns: Sequence[str]) -> str:
    return f"has started {len(arns)} tasks: {_listed(arns)}."


def stopped(arns: Sequence[str]) -> str:
    return f"has stopped {len(arns)} running tasks: {_listed(arns)}."


def registered(count: int, group: str) -> str:
    return f"registered {count} targets in (target-group {group})"


def deregistered(count: int, group: str) -> str:
    return f"deregistered {count} targets in (target-group {group})"


def draining(count: int) -> str:
    return f"has begun draining connections on {count} tasks."


def _listed(arns: Sequence[str]) -> str:
    return " ".join(f"(task {arn.rsplit('/', 1)[-1]})" for arn in arns)


GONE = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
EMPTY = f"{GONE.removesuffix('.')} value for staging label: AWSCURRENT"
DELETED = (
    "InvalidRequestException: You can't perform this operation on the secret because it was marked "
    "for deletion."
)


class Wanted(NamedTuple):
    """A secret or parameter that a container names, and the key in its JSON, if it names one."""

    place: str
    key: str = ""

    @property
    def arn(self) -> str:
        """The secret's own, without what ECS lets one append."""
        return ":".join(self.place.split(":")[:7])


def wanted_secret(reason: str) -> Wanted:
    """What MiniStack could not find."""
    key = re.match(r"unable to retrieve json key '(.+)' from secret (\S+) for ", reason)
    plain = re.match(r"unable to retrieve secret (\S+) for ", reason)
    return Wanted(key[2], key[1]) if key else Wanted(plain[1] if plain else reason)


def secret_failure(wanted: Wanted, problem: str) -> str:
    """Why a container can't have it, as AWS would say it after what is common to all.

    `problem` is what Secrets Manager says of the secret itself.
    """
    retried = "service call has been retried 1 time(s)"
    if ":secretsmanager:" not in wanted.place:
        name = wanted.place.partition(":parameter")[2] or wanted.place
        return f"unable to retrieve secrets from ssm: {retried}: invalid ssm parameters: {name}"
    said = f"failed to fetch secret {wanted.arn} from secrets manager: {problem}"
    if wanted.key:
        said = f"retrieved secret from Secrets Manager did not contain json key {wanted.key}"
    return f"unable to retrieve secret from asm: {retried}: {said}"


MISSING = ("not found", "manifest unknown", "name unknown")
START_PREFIX = "ResourceInitializationError: unable to pull image or start container: "
PULL_PREFIX = "CannotPullContainerError: "


def start_failure(reason: str, image: str) -> str:
    """Why a task did not start, as AWS would say it."""
    if reason.startswith(PULL_PREFIX):
        detail = reason.removeprefix(PULL_PREFIX)
        if any(word in detail.lower() for word in MISSING):
            return (
                f"{PULL_PREFIX}pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {image}: {image}: not found"
            )
        return PULL_PREFIX + detail
    if reason.startswith(START_PREFIX):
        return "CannotStartContainerError: " + reason.removeprefix(START_PREFIX)
    return reason
