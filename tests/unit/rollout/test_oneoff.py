"""One-off tasks: run a revision to its end and tell how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.aws import Aws
from slipway.errors import DeployError, Interrupted
from slipway.release.migrations import demand_success
from slipway.rollout import oneoff

ARN = "arn:aws:ecs:us-west-1:000000000000:task-definition/app-migrate:1"
WANTED = oneoff.OneOff(
    name="the migration of app", cluster="c", service="s", template=ARN, image="repo@sha256:new"
)
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


@dataclass
class Ecs:
    """Runs one task that ends after `looks` looks with `exit_code`."""

    exit_code: int | None = 0
    looks: int = 2
    failures: list[dict[str, str]] = field(default_factory=list)
    registered: dict[str, Any] = field(default_factory=dict)
    ran: dict[str, Any] = field(default_factory=dict)
    others: list[list[str]] = field(default_factory=lambda: [[]])

    def list_tasks(self, *, cluster: str, family: str, desiredStatus: str) -> dict[str, Any]:  # noqa: N803
        assert (cluster, family, desiredStatus) == ("c", "app-migrate", "RUNNING")
        assert not self.ran
        return {"taskArns": self.others.pop(0) if len(self.others) > 1 else self.others[0]}

    def describe_task_definition(self, **_: Any) -> dict[str, Any]:
        containers = [{"name": "app", "image": "repo@sha256:template", "command": ["migrate"]}]
        return {"taskDefinition": {"family": "app-migrate", "containerDefinitions": containers}}

    def register_task_definition(self, **content: Any) -> dict[str, Any]:
        self.registered = content
        return {"taskDefinition": {**content, "taskDefinitionArn": f"{ARN}-new"}}

    def describe_services(self, **_: Any) -> dict[str, Any]:
        return {"services": [{"networkConfiguration": NETWORK}]}

    def run_task(self, **asked: Any) -> dict[str, Any]:
        self.ran = asked
        tasks = [] if self.failures else [{"taskArn": "arn/t1", "lastStatus": "PROVISIONING"}]
        return {"tasks": tasks, "failures": self.failures}

    def describe_tasks(self, **_: Any) -> dict[str, Any]:
        self.looks -= 1
        ended: dict[str, Any] = {"name": "app"}
        if self.exit_code is not None:
            ended["exitCode"] = self.exit_code
        status = "RUNNING" if self.looks else "STOPPED"
        task = {"taskArn": "arn/t1", "lastStatus": status, "containers": [ended]}
        return {"tasks": [{**task, "stoppedReason": "Essential container in task exited"}]}


def run(ecs: Ecs) -> oneoff.Ended:
    return oneoff.run(cast(Aws, SimpleNamespace(ecs=ecs)), WANTED, pause=lambda _: None)


def test_the_new_image_runs_on_the_services_network() -> None:
    """The task is a copy of the template with the image that is about to serve."""
    ecs = Ecs()
    assert run(ecs).exit_code == 0
    (container,) = ecs.registered["containerDefinitions"]
    assert (container["image"], container["command"]) == ("repo@sha256:new", ["migrate"])
    assert ecs.ran["networkConfiguration"] == NETWORK
    assert ecs.ran["taskDefinition"] == f"{ARN}-new"


def test_it_waits_for_the_end() -> None:
    """A task that still runs has no exit code to believe."""
    ecs = Ecs(looks=5)
    run(ecs)
    assert ecs.looks == 0


def test_a_signal_leaves_the_task_alone() -> None:
    """Half a migration is worse than a whole one; it is said that it goes on."""

    def stop(_: float) -> None:
        raise Interrupted("stopped while waiting", signal=15)

    with pytest.raises(Interrupted, match=r"migration of app; its task t1 goes on") as caught:
        oneoff.run(cast(Aws, SimpleNamespace(ecs=Ecs())), WANTED, pause=stop)
    assert caught.value.signal == 15


def test_a_task_that_can_not_be_placed_is_an_error() -> None:
    """RunTask answers 200 with failures; nobody may take that for success."""
    with pytest.raises(DeployError, match="Capacity is unavailable"):
        run(Ecs(failures=[{"reason": "Capacity is unavailable at this time"}]))


@pytest.mark.parametrize(("code", "told"), [(1, "ended with code 1"), (None, "never ran")])
def test_a_failed_migration_stops_the_deploy(code: int | None, told: str) -> None:
    """The message has the reason and the end of the log, and says that nothing was rolled out."""
    ended = oneoff.Ended(task="t1", exit_code=code, reason="it broke", log=("relation exists",))
    with pytest.raises(DeployError) as caught:
        demand_success("app", ended)
    for words in (told, "nothing was rolled out", "it broke", "relation exists"):
        assert words in caught.value.message


def test_a_good_migration_lets_it_go_on() -> None:
    """Code 0 is the only success."""
    demand_success("app", run(Ecs()))
    with pytest.raises(DeployError):
        demand_success("app", run(Ecs(exit_code=1)))


def test_one_that_an_earlier_deploy_left_is_waited_for() -> None:
    """Two migrations at once may do half of each; who waits is told for what, once."""
    ecs, said = Ecs(others=[["arn:task/c/old"], ["arn:task/c/old"], []]), list[str]()
    aws = cast(Aws, SimpleNamespace(ecs=ecs))
    assert oneoff.run(aws, WANTED, say=said.append, pause=lambda _: None).exit_code == 0
    (line,) = said
    assert "aws ecs stop-task --cluster c --task old" in line


@pytest.mark.parametrize(
    ("reason", "title", "next_step"),
    [
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found",
            "the image can't be pulled: repo@sha256:new",
            "uv run invoke deploy --env=prod --service=app",
        ),
        (
            "OutOfMemoryError: Container killed due to memory usage",
            "ran out of memory",
            "memory in services/app/service.toml",
        ),
    ],
)
def test_a_migration_that_can_not_run_has_one_cause(
    reason: str, title: str, next_step: str
) -> None:
    """What keeps a task from running is told as for a rollout, with the same remedy."""
    ended = oneoff.Ended(task="t1", exit_code=None, reason=reason, log=())
    with pytest.raises(DeployError) as caught:
        demand_success("app", ended, image="repo@sha256:new", environment="prod")
    assert title in caught.value.message
    assert next_step in caught.value.next_step
