"""One-off commands: what is started, what is shown of it, how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from slipway.aws import Aws
from slipway.errors import DeployError, Interrupted, UsageError
from slipway.run import Prepared, Wanted, request, run

ARN = "arn:aws:ecs:us-west-1:000000000000:task-definition/p-app:7"
LOG = {"options": {"awslogs-group": "g", "awslogs-stream-prefix": "app"}}
DEFINITION = {
    "taskDefinitionArn": ARN,
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "app", "image": "i", "logConfiguration": LOG}],
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
WANTED = Wanted(service="app", command=("python", "-c", "print(1)"))


@dataclass
class Fake:
    """Runs a task for `looks` looks, which writes a line before each, and one at its end."""

    exit_code: int | None = 0
    looks: int = 2
    stopped: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def run_task(self, **asked: Any) -> Any:
        self.asked = asked
        return {"tasks": [{"taskArn": "arn/t1"}], "failures": []}

    def describe_tasks(self, **_: Any) -> Any:
        self.looks -= 1
        self.lines.append(f"line {len(self.lines)}")
        container = {"name": "app", "reason": "CannotPullContainerError"}
        if self.exit_code is not None:
            container = {"name": "app", "exitCode": self.exit_code}  # type: ignore[dict-item]
        status = "STOPPED" if self.looks <= 0 else "RUNNING"
        return {"tasks": [{"lastStatus": status, "containers": [container]}]}

    def stop_task(self, **asked: Any) -> None:
        self.stopped.append(asked["task"])

    def get_log_events(self, **asked: Any) -> Any:
        assert asked["logStreamName"] == "app/app/t1"
        if len(self.lines) < 2:
            error: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "no stream"}}
            raise ClientError(error, "GetLogEvents")
        begin = int(asked.get("nextToken", 0))
        some = self.lines[begin : begin + 1]
        events = [{"message": f"{line}\n"} for line in some]
        return {"events": events, "nextForwardToken": str(begin + len(some))}


def attended(fake: Fake, **more: Any) -> tuple[int, list[str]]:
    prepared = Prepared(
        wanted=WANTED,
        cluster="c",
        definition=DEFINITION,
        request=request("c", DEFINITION, NETWORK, WANTED),
    )
    written: list[str] = []
    aws = cast(Aws, SimpleNamespace(ecs=fake, logs=fake))
    pause = more.pop("pause", lambda _: None)
    code = run(aws, prepared, write=written.append, say=lambda _: None, pause=pause)
    return code, written


def test_the_command_runs_as_the_service_does() -> None:
    """Its revision, its network; no migration's role."""
    fake = Fake()
    attended(fake)
    assert fake.asked["taskDefinition"] == ARN
    assert fake.asked["networkConfiguration"] == NETWORK
    (override,) = fake.asked["overrides"]["containerOverrides"]
    assert override == {"name": "app", "command": ["python", "-c", "print(1)"]}
    assert "taskRoleArn" not in fake.asked["overrides"]


def test_every_line_is_written_once() -> None:
    """Those as well that arrive when the task has ended."""
    code, written = attended(Fake(looks=4))
    assert (code, written) == (0, [f"line {number}" for number in range(4)])


@pytest.mark.parametrize("code", [0, 1, 137, 255])
def test_the_exit_code_is_the_commands(code: int) -> None:
    """Whatever it is."""
    assert attended(Fake(exit_code=code))[0] == code


def test_a_command_that_never_ran_has_no_code() -> None:
    """The reason is told instead."""
    with pytest.raises(DeployError, match="never ran: CannotPullContainerError"):
        attended(Fake(exit_code=None))


def test_a_signal_stops_the_task() -> None:
    """Nothing runs on unseen."""

    def pause(_: float) -> None:
        raise Interrupted("TERM", signal=15)

    fake = Fake(looks=9)
    with pytest.raises(Interrupted) as stopped:
        attended(fake, pause=pause)
    assert (fake.stopped, stopped.value.signal) == (["t1"], 15)


@pytest.mark.parametrize(
    ("cpu", "memory", "words"),
    [
        (300, 0, "Fargate has 256, 512"),
        (0, 300, "cpu 256 and memory 300 don"),
        (4096, 0, "cpu 4096 and memory 512 don"),
    ],
)
def test_sizes_that_fargate_does_not_have_are_refused(cpu: int, memory: int, words: str) -> None:
    """Before anything is started."""
    wanted = Wanted(service="app", command=("a",), cpu=cpu, memory=memory)
    with pytest.raises(UsageError, match=words):
        request("c", DEFINITION, NETWORK, wanted)
    sizes = Wanted(service="app", command=("a",), cpu=512, memory=1024)
    overrides = request("c", DEFINITION, NETWORK, sizes)["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("512", "1024")
