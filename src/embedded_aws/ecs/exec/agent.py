"""Whether a container of a task can be entered, as AWS decides and says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Record = Mapping[str, Any]

NAME = "ExecuteCommandAgent"

WRITES = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")
"""Where AWS's agent writes: with a read-only root it runs only if all of them are volumes."""

NOT_ENABLED = (
    "The execute command failed because execute command was not enabled when the task was run or "
    "the execute command agent isn't running. Wait and try again or run a new task with execute "
    "command enabled and try again."
)
INTERACTIVE = "Interactive is the only mode supported currently."
NOT_CONNECTED = "The execute command failed due to an internal error. Try again later."
NO_CLUSTER = "Cluster not found."
QUOTES = "The command is empty, or one of its quotes is not closed."
NO_TASK = "The referenced task was not found."
WHICH = "The container name is required for a task with more than one container."
NO_CONTAINER = "The specified container was not found in the task."


class Refusal(NamedTuple):
    """An error of the API."""

    code: str
    message: str


def runs(task: Record, definition: Record) -> bool:
    """Whether AWS's agent would run in a container of this definition."""
    if not task.get("enableExecuteCommand"):
        return False
    mounted = {point.get("containerPath") for point in definition.get("mountPoints") or []}
    return not definition.get("readonlyRootFilesystem") or mounted.issuperset(WRITES)


def state(task: Record, definition: Record, now: str) -> list[dict[str, str]]:
    """`managedAgents` of a container that has just started."""
    if not task.get("enableExecuteCommand"):
        return []
    if runs(task, definition):
        return [{"name": NAME, "lastStatus": "RUNNING", "lastStartedAt": now}]
    return [{"name": NAME, "lastStatus": "STOPPED", "reason": "Read-only file system"}]


def chosen(task: Record | None, request: Record) -> int | Refusal:
    """The index of the container to be entered."""
    if not request.get("interactive"):
        return Refusal("InvalidParameterException", INTERACTIVE)
    if task is None:
        return Refusal("InvalidParameterException", NO_TASK)
    names = [container["name"] for container in task.get("containers") or []]
    wanted = request.get("container")
    if not wanted and len(names) > 1:
        return Refusal("InvalidParameterException", WHICH)
    if wanted and wanted not in names:
        return Refusal("InvalidParameterException", NO_CONTAINER)
    index = names.index(wanted) if wanted else 0
    return _connected(task, index)


def _connected(task: Record, index: int) -> int | Refusal:
    container = task["containers"][index]
    agents = {a["name"]: a["lastStatus"] for a in container.get("managedAgents") or []}
    if task["lastStatus"] in ("RUNNING", "STOPPED") and agents.get(NAME) != "RUNNING":
        return Refusal("InvalidParameterException", NOT_ENABLED)
    if task["lastStatus"] != "RUNNING" or container.get("lastStatus") != "RUNNING":
        return Refusal("TargetNotConnectedException", NOT_CONNECTED)
    return index
