"""In which task a command runs, or why in none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.errors import DeployError, SlipwayError, UsageError

AGENT = "ExecuteCommandAgent"
LEAST = 4
"""Characters of an id that are enough to mean it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a command is asked for: a service of an environment, and a task of it ("": any)."""

    service: str
    environment: str
    protected: bool
    task: str = ""


def demand_exec(place: Place, service: Any) -> None:
    """Raise `DeployError` where ECS Exec is off for a service, as ECS describes it."""
    if service.get("enableExecuteCommand"):
        return
    where = f"{place.service} in {place.environment}"
    if place.protected:
        raise DeployError(
            f"ECS Exec is off for {where}: the environment is protected (decision 167)",
            next_step=f"uv run invoke run --env={place.environment} --service={place.service} "
            "-- … runs a command in a task of its own",
        )
    if service.get("deploymentController", {}).get("type") == "CODE_DEPLOY":
        raise DeployError(
            f"ECS Exec is off for {where}: CodeDeploy rolls it out, and such a service gets the "
            "flag only when it is made (decision 167)",
            next_step="have the service made anew, or use invoke run",
        )
    raise DeployError(
        f"ECS Exec is off for {where}",
        next_step=f"uv run invoke deploy --env={place.environment} --service={place.service} "
        "--refresh",
    )


def choose(place: Place, tasks: Sequence[Mapping[str, Any]], container: str) -> Mapping[str, Any]:
    """The task that is meant: the named one, else the newest that can be entered.

    Raises `UsageError` for a name that fits none or several, `DeployError` where none can be.
    """
    running = [task for task in tasks if task.get("lastStatus") == "RUNNING"]
    fitting = [task for task in running if identifier(task).startswith(place.task)]
    if (place.task and len(fitting) != 1) or len(place.task) in range(1, LEAST):
        raise _no_task(place, fitting or running)
    if not fitting:
        raise DeployError(
            f"no task of {place.service} runs in {place.environment}",
            next_step=f"uv run invoke status --env={place.environment} --service={place.service}",
        )
    ready = [task for task in fitting if agent(task, container).get("lastStatus") == "RUNNING"]
    if not ready:
        raise _closed(place, fitting[0], container)
    return max(ready, key=lambda task: str(task.get("startedAt", "")))


def identifier(task: Mapping[str, Any]) -> str:
    """The id of a task."""
    return str(task["taskArn"]).rpartition("/")[2]


def agent(task: Mapping[str, Any], container: str) -> Mapping[str, Any]:
    """ECS Exec's agent in a container of a task; empty where there is none."""
    mine: Any = next((each for each in task["containers"] if each["name"] == container), {})
    agents = mine.get("managedAgents") or []
    return next((each for each in agents if each.get("name") == AGENT), {})


def _no_task(place: Place, tasks: Sequence[Mapping[str, Any]]) -> UsageError:
    ids = ", ".join(sorted(map(identifier, tasks))) or "none"
    return UsageError(
        f"exec: --task={place.task} is not one running task of {place.service} in "
        f"{place.environment}; there are: {ids}",
        next_step=f"as many characters of one as it takes, {LEAST} at least",
    )


def _closed(place: Place, task: Mapping[str, Any], container: str) -> SlipwayError:
    found = agent(task, container)
    what = f"task {identifier(task)} of {place.service} can't be entered"
    if not task.get("enableExecuteCommand") or not found:
        return DeployError(
            f"{what}: it was started before ECS Exec was on",
            next_step="roll out again: new tasks have it",
        )
    reason = f" ({found['reason']})" if found.get("reason") else ""
    return DeployError(
        f"{what}: its agent is {found.get('lastStatus', 'not there')}{reason}",
        next_step="wait a moment and try again; if it stays, look whether the task reaches "
        "ssmmessages",
    )
