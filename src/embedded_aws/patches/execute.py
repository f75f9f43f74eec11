"""ECS: ExecuteCommand opens a shell, where MiniStack only answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from embedded_aws.patches import Symbols, replace_action

SYMBOLS: Symbols = {
    "app.app": ("scope", "receive", "send"),
    "services.ecs._ECS_TIMESTAMP_FIELDS": None,
    "services.ecs._attach_started_container": (
        *("task", "container", "index", "metadata_token", "ecs_network"),
    ),
    "services.ecs._execute_command": ("data",),
    "services.ecs._iso": (),
}


def apply() -> None:
    """Patch the service and what takes WebSockets, after `patches.ecs`."""
    from ministack import app
    from ministack.services import ecs

    from embedded_aws.ecs.exec.api import execute_command
    from embedded_aws.ecs.exec.server import DataChannels
    from embedded_aws.ecs.exec.sessions import Sessions

    sessions = Sessions()
    replace_action(ecs, "ExecuteCommand", partial(execute_command, sessions))
    app.app = DataChannels(sessions, ecs._get_docker, app.app)
    _patch_agents()


def _patch_agents() -> None:
    """Describe the agent in each container, which clients wait for."""
    from ministack.services import ecs

    from embedded_aws.ecs import tasks
    from embedded_aws.ecs.exec import agent

    ecs._ECS_TIMESTAMP_FIELDS.add("lastStartedAt")
    attach = ecs._attach_started_container

    def attach_started(task: Any, container: Any, index: int, *args: Any) -> Any:
        attached = attach(task, container, index, *args)
        definitions = tasks.definitions(task)
        if attached and index < len(definitions):
            found = agent.state(task, definitions[index], ecs._iso())
            task["containers"][index]["managedAgents"] = found
        return attached

    ecs._attach_started_container = attach_started
