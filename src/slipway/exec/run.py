"""Entering a task: by AWS's own client for a shell, where it is there; else by ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from slipway import names
from slipway.aws import Aws, calls
from slipway.command import Command, command
from slipway.config import Settings
from slipway.errors import DeployError
from slipway.exec import choose, wrapped
from slipway.exec.session import Lost, Session
from slipway.exec.terminal import Streams
from slipway.rollout.observe import batched
from slipway.run import described, not_deployed
from slipway.runner import Runner

PLUGIN = "session-manager-plugin"


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """A task that can be entered; `target` is what Session Manager calls its container."""

    cluster: str
    task: str
    container: str
    runtime: str

    @property
    def target(self) -> str:
        return f"ecs:{self.cluster}_{self.task}_{self.runtime}"


def find(aws: Aws, settings: Settings, service: str, task: str) -> Entrance:
    """The task to be entered. Raises `UsageError` or `DeployError` where there is none."""
    environment, cluster = settings.environment, names.cluster(settings)
    place = choose.Place(
        service=service, environment=environment.name, protected=environment.protected, task=task
    )
    with calls(f"looking for tasks of {service}"):
        found = described(aws, cluster, names.service(settings, service))
        if found is None:
            raise not_deployed(settings, service)
        choose.demand_exec(place, found)
        tasks = _tasks(aws, cluster, found["serviceName"], task)
    chosen = choose.choose(place, tasks, names.CONTAINER)
    inside = next(each for each in chosen["containers"] if each["name"] == names.CONTAINER)
    return Entrance(
        cluster=cluster,
        task=choose.identifier(chosen),
        container=names.CONTAINER,
        runtime=inside.get("runtimeId", ""),
    )


def shell(aws: Aws, runner: Runner, entrance: Entrance, streams: Streams) -> int:
    """A shell at a terminal, until it is left; its exit code where the protocol tells it."""
    answer = ask(aws, entrance, wrapped.SHELL)
    if shutil.which(PLUGIN):
        return runner.attach(plugin(aws, entrance, answer))
    session = Session(answer, streams, streams.write)
    session.run()
    if session.words:
        raise Lost(f"the session ended: {session.words}", next_step="try again")
    return session.code or 0


def execute(aws: Aws, entrance: Entrance, words: Sequence[str], streams: Streams) -> int:
    """A command; its output to ours, our input to it, and its exit code."""
    mark = wrapped.mark()
    plain = not streams.interactive
    answer = ask(aws, entrance, wrapped.command(words, mark, plain=plain))
    output = wrapped.Output(mark.encode())
    session = Session(answer, streams, partial(_pass, output, streams), lambda: output.begun)
    session.run()
    if output.code is None:
        why = f": {session.words}" if session.words else ""
        raise Lost(
            f"the session ended before the command did{why}",
            next_step="look whether it ended: it may have gone on, or its task may have stopped",
        )
    return output.code


def ask(aws: Aws, entrance: Entrance, line: str) -> Any:
    """A session of ECS's for a command line."""
    with calls(f"entering task {entrance.task}"):
        try:
            answer = aws.ecs.execute_command(
                cluster=entrance.cluster,
                task=entrance.task,
                container=entrance.container,
                command=line,
                interactive=True,
            )
        except aws.ecs.exceptions.TargetNotConnectedException as error:
            raise DeployError(
                f"task {entrance.task} can't be entered: its agent is not connected",
                next_step="wait a moment and try again; the task has to reach ssmmessages",
            ) from error
    return answer["session"]


def plugin(aws: Aws, entrance: Entrance, answer: Any) -> Command:
    """AWS's own client for a session, called as the aws command line calls it."""
    return command(
        *(PLUGIN, json.dumps(answer), aws.environment.region, "StartSession", ""),
        json.dumps({"Target": entrance.target}),
        aws.endpoint or f"https://ecs.{aws.environment.region}.amazonaws.com",
        secrets=(answer["tokenValue"],),
        mutates=True,
    )


def _pass(output: wrapped.Output, streams: Streams, data: bytes) -> None:
    streams.write(output.passed(data))


def _tasks(aws: Aws, cluster: str, service: str, wanted: str) -> list[Any]:
    """Running tasks, a hundred a call: those whose ids begin as wanted, else the first hundred."""
    pages = aws.ecs.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus="RUNNING"
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    fitting = [arn for arn in arns if arn.rpartition("/")[2].startswith(wanted)] or arns
    some = next(iter(batched(fitting, 100)), ())
    return list(aws.ecs.describe_tasks(cluster=cluster, tasks=list(some))["tasks"]) if some else []
