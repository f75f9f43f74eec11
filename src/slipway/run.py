"""One-off commands: a task of the revision that serves, with a command of the user's own.

It has the image, the settings, the secrets, the network and the role of the service; none of the
rights of a migration. It is no part of the service: no load balancer, no scaling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slipway import names, signals
from slipway.aws import Aws, calls, error_code
from slipway.config import Settings
from slipway.config.fargate import FARGATE, unfit
from slipway.errors import DeployError, Interrupted, UsageError
from slipway.rollout import observe
from slipway.rollout.decide import short

POLL = 2.0
"""Seconds between two looks."""

LATE = 4
"""Looks for lines after the end: the last ones reach CloudWatch after the task has stopped."""

SAYS = "slipway-run"
"""`startedBy` of such tasks."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A command to run as a task: the words, and other sizes than the service's (0: the same)."""

    service: str
    command: tuple[str, ...]
    cpu: int = 0
    memory: int = 0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A task that can be started. `request` is RunTask's."""

    wanted: Wanted
    cluster: str
    definition: Any
    request: dict[str, Any]

    @property
    def revision(self) -> str:
        """`family:revision` of what runs."""
        return short(self.definition["taskDefinitionArn"])


def prepare(aws: Aws, settings: Settings, wanted: Wanted) -> Prepared:
    """Find the revision at work and the network. Raises `DeployError` where nothing is deployed."""
    cluster, service = names.cluster(settings), names.service(settings, wanted.service)
    if not settings.services[wanted.service].serves:
        raise UsageError(
            f"run: {wanted.service} is nothing but jobs", next_step="uv run invoke jobs.run"
        )
    with calls(f"looking at {wanted.service}"):
        found = described(aws, cluster, service)
        primary = observe.read_service(found).primary if found else None
        if primary is None:
            raise not_deployed(settings, wanted.service)
        definition, _ = observe.task_definition(aws.ecs, primary.task_definition)
    return Prepared(
        wanted=wanted,
        cluster=cluster,
        definition=definition,
        request=request(cluster, definition, observe.network_of(found), wanted),
    )


def described(aws: Aws, cluster: str, service: str) -> Any:
    """ECS's description of an active service, or None."""
    try:
        answer = aws.ecs.describe_services(cluster=cluster, services=[service])
    except aws.ecs.exceptions.ClusterNotFoundException:
        return None
    return next((each for each in answer["services"] if each["status"] == "ACTIVE"), None)


def not_deployed(settings: Settings, service: str) -> DeployError:
    """The error for a service that isn't there."""
    environment = settings.environment.name
    return DeployError(
        f"{service} is not deployed in {environment}",
        next_step=f"uv run invoke deploy --env={environment} --service={service}",
    )


def request(cluster: str, definition: Any, network: Any, wanted: Wanted) -> dict[str, Any]:
    """RunTask's request. Raises `UsageError` for sizes that Fargate doesn't have. Pure."""
    container = {
        "name": observe.app_of(definition)["name"],
        "command": list(wanted.command),
    }
    return {
        "cluster": cluster,
        "taskDefinition": definition["taskDefinitionArn"],
        "launchType": "FARGATE",
        "networkConfiguration": network,
        "startedBy": SAYS,
        "overrides": {"containerOverrides": [container], **sizes(definition, wanted)},
    }


def sizes(definition: Any, wanted: Wanted) -> dict[str, str]:
    """What is to be other than in the revision. Raises `UsageError`. Pure."""
    cpu = wanted.cpu or int(definition["cpu"])
    memory = wanted.memory or int(definition["memory"])
    if cpu not in FARGATE:
        known = ", ".join(map(str, FARGATE))
        raise UsageError(f"run: --cpu={cpu}: Fargate has {known}", next_step="choose one of them")
    if problem := unfit(cpu, memory):
        raise UsageError(f"run: {problem}", next_step="choose --cpu and --memory that go together")
    changed = {"cpu": wanted.cpu, "memory": wanted.memory}
    return {name: str(value) for name, value in changed.items() if value}


def start(aws: Aws, prepared: Prepared) -> str:
    """Start the task; its id. Raises `DeployError` where ECS can't."""
    with calls(f"starting a task of {prepared.wanted.service}"):
        answer = aws.ecs.run_task(**prepared.request)
    if answer["tasks"]:
        return answer["tasks"][0]["taskArn"].rpartition("/")[2]
    reasons = ", ".join(str(each.get("reason", "")) for each in answer["failures"])
    raise DeployError(
        f"{prepared.wanted.service}: ECS could not start the task: {reasons}",
        next_step="try once more; if it stays, look at the cluster's capacity",
    )


def run(
    aws: Aws,
    prepared: Prepared,
    *,
    write: Callable[[str], None],
    say: Callable[[str], None],
    pause: Callable[[float], None] = signals.sleep,
) -> int:
    """Run it to its end, writing its lines; its exit code. A signal stops the task."""
    task = ""
    try:
        # A signal between ECS's answer and our note of it would leave a task to nobody.
        with signals.deferred():
            task = start(aws, prepared)
        say(f"task {task} of {prepared.revision}")
        return exit_code(prepared, attend(aws, prepared, task, write=write, pause=pause))
    except (KeyboardInterrupt, Interrupted, BrokenPipeError) as error:
        signals.heard()
        if task:
            stop(aws, prepared.cluster, task)
            say(f"task {task} gets TERM")
        if isinstance(error, BrokenPipeError):
            raise
        raise Interrupted(
            f"the command of {prepared.wanted.service} was stopped",
            next_step="the same command again; --detach leaves a task alone",
            signal=getattr(error, "signal", 2),
        ) from error


def attend(
    aws: Aws,
    prepared: Prepared,
    task: str,
    *,
    write: Callable[[str], None],
    pause: Callable[[float], None],
) -> Any:
    """Write the lines of a task until it has stopped; the task then."""
    lines = Lines(aws, prepared.definition, task)
    with calls(f"watching the task {task}"):
        while (seen := look(aws, prepared.cluster, task))["lastStatus"] != "STOPPED":
            passed(lines.new(), write)
            pause(POLL)
        late = LATE
        while late:
            late = LATE if passed(lines.new(), write) else late - 1
            pause(POLL / LATE)
    return seen


def passed(lines: Sequence[str], write: Callable[[str], None]) -> bool:
    """Write lines; whether there were any."""
    for line in lines:
        write(line)
    return bool(lines)


def look(aws: Aws, cluster: str, task: str) -> Any:
    """A task as it is now."""
    found = aws.ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"]
    if not found:
        raise DeployError(f"ECS no longer knows the task {task}")
    return found[0]


def stop(aws: Aws, cluster: str, task: str) -> None:
    """Have ECS stop a task: TERM, and KILL after the stop timeout."""
    with calls(f"stopping the task {task}"):
        aws.ecs.stop_task(cluster=cluster, task=task, reason="stopped by invoke run")


def exit_code(prepared: Prepared, task: Any) -> int:
    """The command's own exit code. Raises `DeployError` where it never ran, or was killed."""
    name = observe.app_of(prepared.definition)["name"]
    container: Any = next((each for each in task["containers"] if each["name"] == name), {})
    code = container.get("exitCode")
    if code is not None:
        return int(code)
    reasons = filter(None, (container.get("reason", ""), task.get("stoppedReason", "")))
    raise DeployError(
        f"{prepared.wanted.service}: the command never ran: {'; '.join(reasons) or 'no reason'}",
        next_step="see what serves with invoke status; a deploy tells such a cause more fully",
    )


@dataclass
class Lines:
    """The lines of one task's stream, each once, in their order."""

    aws: Aws
    definition: Any
    task: str
    _token: dict[str, Any] = field(default_factory=dict)

    def new(self) -> list[str]:
        """What it has written since the last time."""
        return list(self._read())

    def _read(self) -> Iterator[str]:
        app = observe.app_of(self.definition)
        place: Any = observe.stream_of(app, self.task)
        while place:
            try:
                answer: Any = self.aws.logs.get_log_events(
                    **place, startFromHead=True, **self._token
                )
            except Exception as error:
                if error_code(error) == "ResourceNotFoundException":
                    return  # It has written nothing yet.
                raise
            yield from (str(each["message"]).rstrip("\n") for each in answer["events"])
            token = {"nextToken": answer["nextForwardToken"]}
            if token == self._token or not answer["events"]:
                self._token = token
                return
            self._token = token
