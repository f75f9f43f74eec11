"""Task definitions and AppSpecs: what AWS's own tools take."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pytest
import yaml
from botocore.validate import ParamValidator

from slipway.cost.resources import Resource
from slipway.render.documents import PLACEHOLDER, deployed, invented, tags
from slipway.rollout import appspec
from slipway.rollout.decide import Network
from tests.aws_model import model
from tests.samples import make_service
from tests.unit.infra.conftest import settings

IMAGE = f"1.dkr.ecr.us-west-1.amazonaws.com/shop/greeter@sha256:{'a' * 64}"
CONTAINER: dict[str, Any] = {
    "name": "app",
    "image": f"repo@sha256:{'0' * 64}",
    "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
    "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-west-1:1:secret:mock"}],
}
TASK = {
    "family": "shop-dev-greeter",
    "network_mode": "awsvpc",
    "requires_compatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "runtime_platform": [{"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}],
    "volume": [{"name": "tmp", "host_path": None}],
    "container_definitions": json.dumps([CONTAINER]),
}
MADE = [
    Resource(
        address="module.task_definition.aws_ecs_task_definition.this",
        type="aws_ecs_task_definition",
        values=TASK,
    ),
    Resource(
        address="module.migration[0].aws_ecs_task_definition.this", type="aws_ecs_task_definition"
    ),
    *(
        Resource(
            address=f"module.roles.aws_iam_role.{name}",
            type="aws_iam_role",
            values={"name": f"shop-dev-greeter-{name}", "path": None},
        )
        for name in ("task", "execution")
    ),
]


def demand_registerable(document: Any) -> None:
    """Fail where RegisterTaskDefinition, as botocore has it, would refuse the document."""
    shape = model("ecs").operation_model("RegisterTaskDefinition").input_shape
    assert shape
    report = ParamValidator().validate(document, shape)
    assert not report.has_errors(), report.generate_report()
    members: Any = shape.members
    assert set(document) <= set(members)


def test_of_the_configuration_it_is_registerable() -> None:
    """By AWS's model; names, roles and tags are those that Terraform will give."""
    found = invented(settings(), make_service(), MADE, IMAGE)
    document = found.task_definition
    demand_registerable(document)
    account = settings().environment.account_id
    assert document["taskRoleArn"] == f"arn:aws:iam::{account}:role/shop-dev-greeter-task"
    assert document["executionRoleArn"].endswith(":role/shop-dev-greeter-execution")
    assert document["runtimePlatform"] == {
        "cpuArchitecture": "ARM64",
        "operatingSystemFamily": "LINUX",
    }
    assert document["containerDefinitions"][0]["image"] == IMAGE
    assert {"key": "service", "value": "greeter"} in document["tags"]


def test_what_is_invented_is_said() -> None:
    """Nobody should take a stand-in for the thing."""
    told = " ".join(invented(settings(), make_service(), MADE, "").notes)
    assert "its image is a stand-in" in told
    assert "secrets are stand-ins" in told
    assert "its image" not in " ".join(invented(settings(), make_service(), MADE, IMAGE).notes)


def test_of_what_is_deployed_it_is_the_template_with_the_image() -> None:
    """What ECS assigns itself is left out, tags are kept."""
    template = {
        "family": "f",
        "revision": 3,
        "status": "ACTIVE",
        "containerDefinitions": [CONTAINER],
    }
    network = Network(subnets=("s-1",), security_groups=("sg-1",), public_ip=False)
    service = make_service(deploy={"strategy": "canary", "hooks": {"after_traffic": "check"}})
    found = deployed(service, template, tags(settings(), "greeter"), IMAGE, network)
    demand_registerable(found.task_definition)
    assert "revision" not in found.task_definition
    assert found.notes == ()
    waiting = deployed(service, template, [], IMAGE, network, waits=True)
    assert "aws deploy continue-deployment" in waiting.notes[0]
    properties = found.appspec["Resources"][0]["TargetService"]["Properties"]
    assert properties["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"] == ["s-1"]
    assert found.appspec["Hooks"] == [{"AfterAllowTraffic": "check"}]


def test_the_files_read_as_what_they_are() -> None:
    """YAML with a number for a version, and a placeholder that pipelines fill in."""
    files = invented(settings(), make_service(), MADE, IMAGE).files
    text = files[PurePath("greeter/appspec.yaml")]
    assert text.startswith("version: 0.0\n")
    read = yaml.safe_load(text)
    assert read["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"] == PLACEHOLDER
    filled = text.replace(PLACEHOLDER, "arn:x:1")
    content = {"appSpecContent": {"content": json.dumps(yaml.safe_load(filled))}}
    assert appspec.task_definition_of(content) == "arn:x:1"
    definition = json.loads(files[PurePath("greeter/task-definition.json")])
    demand_registerable(definition)


@pytest.mark.parametrize("strategy", ["rolling", "canary"])
def test_an_appspec_for_a_rolling_service_is_explained(strategy: str) -> None:
    """It is written all the same: a pipeline may want the file before the strategy changes."""
    found = invented(settings(), make_service(deploy={"strategy": strategy}), MADE, IMAGE)
    assert ("strategy is rolling" in " ".join(found.notes)) == (strategy == "rolling")
