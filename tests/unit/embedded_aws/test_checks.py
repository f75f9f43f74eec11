"""What ECS refuses, before a rollout finds out on AWS."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.ecs import checks

APP = {"name": "app", "portMappings": [{"containerPort": 8000}]}
FARGATE: dict[str, Any] = {
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [APP],
}
NETWORK = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}
BEHIND = {"targetGroupArn": "group", "containerName": "app", "containerPort": 8000}


def said(refusal: checks.Refusal | None) -> str:
    return refusal.message if refusal else ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"cpu": "0.25 vCPU", "memory": "0.5 GB"}, ""),
        ({"cpu": "16384", "memory": "122880"}, ""),
        ({"cpu": "300"}, "No Fargate configuration exists for given values: 300 CPU, 512 memory."),
        ({"memory": "4096"}, "No Fargate configuration exists"),
        ({"cpu": "1024", "memory": "2500"}, "No Fargate configuration exists"),
        ({"cpu": "much"}, "No Fargate configuration exists"),
        ({"cpu": None}, "'cpu' be defined at the task level"),
        ({"memory": None}, "'memory' be defined at the task level"),
        ({"networkMode": "bridge"}, "Fargate only supports network mode"),
        ({"containerDefinitions": [APP, APP]}, "names must be unique"),
        ({"containerDefinitions": [{**APP, "essential": False}]}, "essential"),
        (
            {
                "containerDefinitions": [
                    {"name": "a", "portMappings": [{"containerPort": 8000, "hostPort": 80}]}
                ]
            },
            "host ports and container ports in port mappings must match",
        ),
    ],
)
def test_a_task_definition_that_fargate_can_not_run(change: dict[str, Any], words: str) -> None:
    """It is refused when it is registered, as a ClientException."""
    refusal = checks.registering({**FARGATE, **change})
    assert words in said(refusal)
    assert bool(refusal) is bool(words)
    assert refusal is None or refusal.code == "ClientException"


def test_other_launch_types_have_other_sizes() -> None:
    """Fargate's rules are Fargate's."""
    assert checks.registering({"cpu": "300", "containerDefinitions": [APP]}) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"networkConfiguration": None}, "Network Configuration must be provided"),
        ({"count": 11}, "greater than 10"),
        (
            {"overrides": {"containerOverrides": [{"name": "b"}]}},
            "Override for container named b is not a container in the TaskDefinition.",
        ),
    ],
)
def test_a_task_that_can_not_be_run(change: dict[str, Any], words: str) -> None:
    """An InvalidParameterException."""
    assert words in said(checks.running({**NETWORK, **change}, FARGATE))


def test_a_task_of_no_definition() -> None:
    """A ClientException."""
    assert checks.running(NETWORK, None) == ("ClientException", "TaskDefinition not found.")


@pytest.mark.parametrize(
    ("change", "groups", "words"),
    [
        ({}, {"group"}, ""),
        ({}, set(), "does not have an associated load balancer"),
        ({"targetGroupArn": "other"}, {"group"}, "target group does not exist: other"),
        ({"containerName": "web"}, {"group"}, "The container web does not exist in the task def"),
        ({"containerPort": 80}, {"group"}, "app did not have a container port 80 defined."),
    ],
)
def test_a_service_that_can_not_be_created(
    change: dict[str, Any], groups: set[str], words: str
) -> None:
    """Its target group has to be behind a load balancer, its container there."""
    data = {**NETWORK, "loadBalancers": [{**BEHIND, **change}]}
    assert words in said(checks.creating(data, FARGATE, {"group"}, groups))


def test_a_service_needs_a_network() -> None:
    """Whatever else it has."""
    assert checks.creating({}, FARGATE, set(), set()) == checks.NO_NETWORK


def test_a_revision_without_the_balanced_container_is_refused() -> None:
    """Before anything of it is started."""
    renamed = {**FARGATE, "containerDefinitions": [{**APP, "name": "web"}]}
    service = {"loadBalancers": [BEHIND]}
    assert "container app does not exist" in said(checks.updating({}, service, renamed))
    assert checks.updating({}, service, FARGATE) is None
    assert checks.updating({"loadBalancers": []}, service, renamed) is None
    assert "negative" in said(checks.updating({"desiredCount": -1}, service, None))


@pytest.mark.parametrize(
    ("services", "tasks", "expected"),
    [
        (["INACTIVE"], ["STOPPED"], None),
        (["ACTIVE"], [], checks.HAS_SERVICES),
        (["DRAINING"], ["DEPROVISIONING"], checks.HAS_TASKS),
        ([], ["RUNNING"], checks.HAS_TASKS),
    ],
)
def test_a_cluster_at_work_stays(
    services: list[str], tasks: list[str], expected: checks.Refusal | None
) -> None:
    """Services first, then their tasks."""
    found = checks.deleting_cluster(
        [{"status": status} for status in services], [{"lastStatus": status} for status in tasks]
    )
    assert found == expected
