"""Reading ECS: what belongs to a rollout, and what was before it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
from mypy_boto3_ecs import ECSClient

from slipway.rollout.observe import EVENTS_SHOWN, events_since, failures, snapshots, stopped_ids

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def service(*minutes: int) -> list[Any]:
    """A service with an event at each of these minutes after noon, newest first."""
    events = [
        {"createdAt": NOW + timedelta(minutes=each), "message": f"at {each}"}
        for each in sorted(minutes, reverse=True)
    ]
    return [{"events": events}]


def test_events_of_former_rollouts_explain_nothing() -> None:
    """Yesterday's lack of room is not why today's version fails."""
    assert events_since(service(-1440, -1, 0, 3), NOW) == ("at 3", "at 0")


def test_a_revision_without_a_date_has_all_events() -> None:
    """Better too much than no evidence."""
    assert events_since(service(-1, 1), None) == ("at 1", "at -1")


def test_the_newest_events_are_enough() -> None:
    """ECS keeps a hundred of them."""
    assert len(events_since(service(*range(100)), NOW)) == EVENTS_SHOWN


class Large:
    """Answers a real client as ECS would: never more than its API allows for in one answer."""

    def __init__(self, tasks: int) -> None:
        self.tasks = [f"arn:task/c/{number:04}" for number in range(tasks)]
        self.calls: Counter[str] = Counter()
        self.client: ECSClient = boto3.client(
            "ecs", region_name="us-west-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
        self.client.meta.events.register("before-call.ecs", self.answer)

    def answer(self, model: Any, params: Any, **_: Any) -> Any:
        """Instead of a request."""
        self.calls[model.name] += 1
        asked = json.loads(params["body"])
        return SimpleNamespace(status_code=200), getattr(self, model.name)(asked)

    def ListTasks(self, asked: Any) -> Any:  # noqa: N802
        begin = int(asked.get("nextToken", 0))
        end = begin + min(100, asked.get("maxResults", 100))
        more = {"nextToken": str(end)} if end < len(self.tasks) else {}
        return {"taskArns": self.tasks[begin:end], **more}

    def DescribeTasks(self, asked: Any) -> Any:  # noqa: N802
        assert len(asked["tasks"]) <= 100, "Tasks cannot be more than 100 elements"
        common = {"taskDefinitionArn": "arn:td/app:1", "containers": [], "startedBy": "ecs-svc/1"}
        return {"tasks": [{"taskArn": arn, **common} for arn in asked["tasks"]]}

    def DescribeTaskDefinition(self, asked: Any) -> Any:  # noqa: N802
        return {"taskDefinition": {"containerDefinitions": [{"name": "app"}]}}

    def DescribeServices(self, asked: Any) -> Any:  # noqa: N802
        assert len(asked["services"]) <= 10, "Services cannot be more than 10 elements"
        common = {"status": "ACTIVE", "desiredCount": 1, "runningCount": 1}
        return {"services": [{"serviceName": name, **common} for name in asked["services"]]}


def test_more_than_a_hundred_tasks_are_all_seen() -> None:
    """ListTasks gives a hundred at a time, DescribeTasks takes no more; none is left out."""
    ecs = Large(tasks=234)
    ids = stopped_ids(ecs.client, "c", "app")
    found = failures(ecs.client, "c", ids, "arn:td/app:1", "ecs-svc/1")
    assert len({task.id for task in found}) == 234
    assert (ecs.calls["ListTasks"], ecs.calls["DescribeTasks"]) == (3, 3)


def test_more_than_ten_services_are_all_seen() -> None:
    """DescribeServices takes ten; one that it doesn't know would be MISSING."""
    ecs = Large(tasks=0)
    names = [f"s{number}" for number in range(23)]
    found = snapshots(ecs.client, "c", names)
    assert {each.status for each in found.values()} == {"ACTIVE"}
    assert (len(found), ecs.calls["DescribeServices"]) == (23, 3)
