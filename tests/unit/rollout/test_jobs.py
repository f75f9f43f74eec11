"""Rolling out a service that has nothing but jobs: against an AWS in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.rollout import jobs, strategy
from slipway.rollout.model import Target
from slipway.rollout.schedules import Schedules
from tests.unit.rollout.test_schedules import FAMILY, schedule

PARAMETER = "/shop/jobs/reports"


@dataclass
class Memory:
    """ECS's revisions, SSM's parameter and Scheduler's schedule, as far as jobs need them."""

    revisions: dict[str, Any] = field(default_factory=dict)
    value: str = "none"
    schedule: Any = field(default_factory=lambda: schedule(0, "DISABLED"))
    exceptions: Any = None

    def __post_init__(self) -> None:
        self.ecs = self.ssm = self.scheduler = self
        self.template("report", "old@sha256:0")

    def template(self, command: str, image: str) -> str:
        label = json.dumps({"main": {"command": [command], "cpu": 0, "memory": 0}})
        app = {"name": "app", "image": image, "dockerLabels": {"slipway.jobs": label}}
        return str(self.register(containerDefinitions=[app])["taskDefinitionArn"])

    def register(self, **content: Any) -> Any:
        arn = f"{FAMILY}:{len(self.revisions) + 1}"
        self.revisions[arn] = {**content, "taskDefinitionArn": arn}
        return self.revisions[arn]

    def register_task_definition(self, **content: Any) -> Any:
        return {"taskDefinition": self.register(**content)}

    def describe_task_definition(self, taskDefinition: str, include: Any) -> Any:  # noqa: N803
        del include
        return {"taskDefinition": self.revisions[taskDefinition]}

    def get_parameter(self, Name: str) -> Any:  # noqa: N803
        assert Name == PARAMETER
        return {"Parameter": {"Value": self.value}}

    def put_parameter(self, Name: str, Value: str, Overwrite: bool) -> None:  # noqa: N803
        assert (Name, Overwrite) == (PARAMETER, True)
        self.value = Value

    def get_schedule(self, **names: str) -> Any:
        assert names == {"GroupName": "shop-reports", "Name": "main"}
        return self.schedule

    def update_schedule(self, **change: Any) -> None:
        self.schedule = {**self.schedule, **change}


def target(image: str, template: int = 1) -> Target:
    return Target(
        name="reports",
        cluster="shop",
        service="shop-reports",
        template=f"{FAMILY}:{template}",
        image=image,
        target_group="",
        port=0,
        health_path="",
        timeout=60,
        strategy="jobs",
        schedules=Schedules(group="shop-reports", jobs=("main",)),
        released=PARAMETER,
    )


@pytest.fixture
def aws() -> Any:
    return Memory()


def deploy(aws: Any, wanted: Target) -> Any:
    """Start a rollout and look at it, as a deploy does."""
    rollout = strategy.of(wanted).start(aws, wanted)
    if rollout.outcome is None:
        jobs.look(aws, [rollout])
    return rollout


def names(aws: Any) -> tuple[str, str, str]:
    """What parameter and schedule say: revision, revision, state."""
    now = aws.schedule["Target"]["EcsParameters"]["TaskDefinitionArn"]
    return aws.value, now, aws.schedule["State"]


def test_the_first_rollout_names_a_revision_and_turns_schedules_on(aws: Any) -> None:
    """It is read back before it counts as deployed."""
    assert jobs.differs(aws, target("new@sha256:1"))
    rollout = deploy(aws, target("new@sha256:1"))
    assert rollout.outcome.verdict is Verdict.DEPLOYED
    assert (rollout.outcome.task_definition, rollout.outcome.previous) == (f"{FAMILY}:2", "")
    assert names(aws) == (f"{FAMILY}:2", f"{FAMILY}:2", "ENABLED")
    assert not jobs.differs(aws, target("new@sha256:1"))


def test_the_same_again_is_unchanged(aws: Any) -> None:
    """Nothing is registered for what runs already."""
    deploy(aws, target("new@sha256:1"))
    before = dict(aws.revisions)
    assert deploy(aws, target("new@sha256:1")).outcome.verdict is Verdict.UNCHANGED
    assert aws.revisions == before


def test_a_schedule_that_was_changed_by_hand_is_set_right(aws: Any) -> None:
    """The revision is the same, so there is nothing to go back to."""
    deploy(aws, target("new@sha256:1"))
    aws.schedule["Target"]["EcsParameters"]["TaskDefinitionArn"] = f"{FAMILY}:1"
    rollout = deploy(aws, target("new@sha256:1"))
    assert (rollout.outcome.verdict, rollout.outcome.previous) == (Verdict.DEPLOYED, "")
    assert names(aws) == (f"{FAMILY}:2", f"{FAMILY}:2", "ENABLED")


def test_another_command_is_another_revision_and_goes_back_with_it(aws: Any) -> None:
    """A revision carries its jobs' commands: the way back takes the old ones."""
    deploy(aws, target("new@sha256:1"))
    aws.template("report-more", "old@sha256:0")
    rollout = deploy(aws, target("new@sha256:1", template=3))
    assert "report-more" in aws.schedule["Target"]["Input"]
    back = jobs.back(aws, rollout)
    jobs.look(aws, [back])
    assert back.outcome
    assert back.outcome.verdict is Verdict.DEPLOYED
    assert "report-more" not in aws.schedule["Target"]["Input"]
    assert names(aws) == (f"{FAMILY}:2", f"{FAMILY}:2", "ENABLED")


def test_there_is_nothing_to_restart(aws: Any) -> None:
    """It is said what can be done instead, and nothing is changed."""
    with pytest.raises(DeployError, match="nothing but jobs"):
        jobs.restart(aws, target("new@sha256:1"))
    assert aws.value == "none"


def test_somebody_elses_revision_is_no_success(aws: Any) -> None:
    """What is read back decides, not what was sent."""
    rollout = jobs.start(aws, target("new@sha256:1"))
    aws.value = f"{FAMILY}:9"
    jobs.look(aws, [rollout])
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.SUPERSEDED


def test_a_schedule_of_another_revision_is_no_success(aws: Any) -> None:
    """It is named, as it would run something else at its time."""
    rollout = jobs.start(aws, target("new@sha256:1"))
    aws.schedule = schedule(9, "ENABLED")
    jobs.look(aws, [rollout])
    assert rollout.outcome
    assert rollout.outcome.verdict is Verdict.FAILED
    assert "main" in rollout.outcome.reason
