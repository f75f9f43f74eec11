"""The AppSpec of a deployment by CodeDeploy. Pure.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from slipway.rollout.decide import Network
from slipway.rollout.model import Target
from slipway.rollout.taskdef import CONTAINER

EVENTS = {
    "before_install": "BeforeInstall",
    "after_install": "AfterInstall",
    "after_test_traffic": "AfterAllowTestTraffic",
    "before_traffic": "BeforeAllowTraffic",
    "after_traffic": "AfterAllowTraffic",
}
"""Lifecycle events that can call a function, by what the manifest calls them, in their order."""

PLATFORM = "LATEST"
"""Fargate's platform version; Terraform leaves it to deployments."""


def appspec(target: Target, task_definition: str, port: int) -> dict[str, Any]:
    """What to deploy: `task_definition`, whose app container listens on `port`."""
    return document(task_definition, port, target.network, target.hooks)


def document(
    task_definition: str, port: int, where: Network | None, hooks: Mapping[str, str]
) -> dict[str, Any]:
    """As `appspec`; without `where` tasks run where those of the service do."""
    properties: dict[str, Any] = {
        "TaskDefinition": task_definition,
        "LoadBalancerInfo": {"ContainerName": CONTAINER, "ContainerPort": port},
        "PlatformVersion": PLATFORM,
    }
    if where:
        properties["NetworkConfiguration"] = network(where)
    service = {"Type": "AWS::ECS::Service", "Properties": properties}
    calls = [{EVENTS[name]: hooks[name]} for name in EVENTS if hooks.get(name)]
    found: dict[str, Any] = {"version": 0.0, "Resources": [{"TargetService": service}]}
    return {**found, "Hooks": calls} if calls else found


def network(wanted: Network) -> dict[str, Any]:
    """The network as an AppSpec spells it."""
    return {
        "AwsvpcConfiguration": {
            "Subnets": list(wanted.subnets),
            "SecurityGroups": list(wanted.security_groups),
            "AssignPublicIp": "ENABLED" if wanted.public_ip else "DISABLED",
        }
    }


def revision(target: Target, task_definition: str, port: int) -> Any:
    """The revision for CreateDeployment: the AppSpec as text."""
    content = json.dumps(appspec(target, task_definition, port), indent=2)
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}


def task_definition_of(raw: Mapping[str, Any]) -> str:
    """The task definition that a revision deploys, or "" where its text is not to be had."""
    inner = raw.get("appSpecContent") or raw.get("string") or {}
    try:
        resource = json.loads(inner.get("content", ""))["Resources"][0]
        return str(next(iter(resource.values()))["Properties"]["TaskDefinition"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
