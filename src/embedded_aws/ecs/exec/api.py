"""ExecuteCommand: a session for who may enter the container."""

from __future__ import annotations

import os
import shlex
from typing import Any

from ministack.services import ecs

from embedded_aws.ecs.exec.agent import NO_CLUSTER, QUOTES, Refusal, chosen
from embedded_aws.ecs.exec.sessions import PATH, Session, Sessions

Record = dict[str, Any]


def execute_command(sessions: Sessions, data: Record) -> Any:
    """Answer one call."""
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster not in ecs._clusters:
        return ecs.error_response_json("ClusterNotFoundException", NO_CLUSTER, 400)
    task = ecs._resolve_task(data.get("task", ""), cluster)
    index = chosen(task, data)
    command = _words(data.get("command", ""))
    refusal = next((one for one in (index, command) if isinstance(one, Refusal)), None)
    if refusal:
        return ecs.error_response_json(refusal.code, refusal.message, 400)
    session = Session(task["_docker_ids"][index], command)
    sessions.add(session)
    return ecs.json_response(_answer(task, task["containers"][index], session))


def _words(command: str) -> Any:
    """The command's words, as a shell would take them apart."""
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = ()
    return words or Refusal("InvalidParameterException", QUOTES)


def _answer(task: Record, container: Record, session: Session) -> Record:
    address = f"ws://127.0.0.1:{os.environ['GATEWAY_PORT']}{PATH}{session.id}"
    return {
        "clusterArn": task["clusterArn"],
        "taskArn": task["taskArn"],
        "containerArn": container["containerArn"],
        "containerName": container["name"],
        "interactive": True,
        "session": {
            "sessionId": session.id,
            "streamUrl": f"{address}?role=publish_subscribe",
            "tokenValue": session.token,
        },
    }
