"""Task definition revisions: copying the template that Terraform owns."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from slipway.rollout.taskdef import image_of, next_revision, same

TEMPLATE: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:us-west-1:000000000000:task-definition/app:7",
    "family": "app",
    "revision": 7,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
    "compatibilities": ["EC2", "FARGATE"],
    "registeredAt": "2026-01-01",
    "registeredBy": "arn:aws:iam::000000000000:root",
    "executionRoleArn": "arn:aws:iam::000000000000:role/execution",
    "taskRoleArn": "arn:aws:iam::000000000000:role/task",
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    "volumes": [{"name": "tmp"}],
    "containerDefinitions": [
        {
            "name": "app",
            "image": "repo@sha256:old",
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:key"}],
            "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}],
        },
        {"name": "sidecar", "image": "proxy:1"},
    ],
}
TAGS = [{"key": "service", "value": "app"}]


def test_nothing_that_the_template_says_is_lost() -> None:
    """Tags, secrets, roles, platform and volumes survive; peers have lost each of them."""
    made = next_revision(TEMPLATE, TAGS, "repo@sha256:new")
    assert made["tags"] == TAGS
    for key in ("executionRoleArn", "taskRoleArn", "runtimePlatform", "volumes", "cpu", "memory"):
        assert made[key] == TEMPLATE[key]
    assert made["containerDefinitions"][0]["secrets"] == [
        {"name": "KEY", "valueFrom": "arn:aws:secretsmanager:key"}
    ]


def test_what_ecs_assigns_is_left_out() -> None:
    """RegisterTaskDefinition refuses fields that DescribeTaskDefinition returns."""
    made = next_revision(TEMPLATE, [], "repo@sha256:new")
    assert not {"taskDefinitionArn", "revision", "status", "registeredAt"} & made.keys()
    assert "tags" not in made


def test_only_the_app_gets_the_image() -> None:
    """Sidecars keep their images, and the template itself is not touched."""
    before = copy.deepcopy(TEMPLATE)
    made = next_revision(TEMPLATE, [], "repo@sha256:new")
    images = [container["image"] for container in made["containerDefinitions"]]
    assert images == ["repo@sha256:new", "proxy:1"]
    assert before == TEMPLATE
    assert image_of(TEMPLATE) == "repo@sha256:old"


def test_a_template_without_the_app_is_refused() -> None:
    """Swapping no image at all would roll out the old one and call it new."""
    with pytest.raises(ValueError, match="app"):
        next_revision({**TEMPLATE, "containerDefinitions": [{"name": "x"}]}, [], "i")


def test_same_ignores_order_and_what_ecs_fills_in() -> None:
    """ECS sorts lists and adds empty members; neither is a change."""
    running = copy.deepcopy(TEMPLATE)
    running["revision"] = 9
    running["containerDefinitions"][0]["environment"].reverse()
    running["containerDefinitions"][0]["volumesFrom"] = []
    assert same(running, next_revision(TEMPLATE, TAGS, "repo@sha256:old"))


@pytest.mark.parametrize("key", ["cpu", "taskRoleArn"])
def test_same_sees_a_change_of_the_template(key: str) -> None:
    """A changed template has to be rolled out even where the image is the same."""
    assert not same({**TEMPLATE, key: "other"}, next_revision(TEMPLATE, [], "repo@sha256:old"))


def test_same_sees_another_image() -> None:
    """A code change is a change of the image's digest alone."""
    assert not same(TEMPLATE, next_revision(TEMPLATE, [], "repo@sha256:new"))
