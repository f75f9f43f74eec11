"""The AppSpec of an ECS deployment, from JSON or YAML. Pure.

AWS accepts any text in CreateDeployment; one that can't be used fails the deployment.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOOKS = (
    *("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic"),
    *("BeforeAllowTraffic", "AfterAllowTraffic"),
)
PREFIX = (
    "The deployment failed because the AppSpec file that specifies the deployment configuration "
    "is missing or has an invalid configuration. "
)
SERVICE = "AWS::ECS::Service"


class InvalidAppSpec(Exception):
    """Why a deployment of this text fails, in AWS's manner."""

    def __init__(self, why: str) -> None:
        super().__init__(PREFIX + why)


@dataclass(frozen=True, kw_only=True)
class AppSpec:
    """What to deploy: a task definition behind a container's port; hooks by lifecycle event."""

    task_definition: str
    container: str
    port: int
    platform_version: str = ""
    network: Mapping[str, Any] | None = None
    capacity: tuple[Mapping[str, Any], ...] = ()
    hooks: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> AppSpec:
    """The AppSpec in `text`; raises `InvalidAppSpec`."""
    document = _document(text)
    if str(document.get("version")) not in ("0.0", "0"):
        raise InvalidAppSpec("The version of the AppSpec file must be 0.0.")
    properties = _properties(document)
    balancer = _mapping(properties.get("LoadBalancerInfo"), "LoadBalancerInfo")
    return AppSpec(
        task_definition=_text(properties, "TaskDefinition"),
        container=_text(balancer, "ContainerName"),
        port=_port(balancer.get("ContainerPort")),
        platform_version=str(properties.get("PlatformVersion") or ""),
        network=_network(properties.get("NetworkConfiguration")),
        capacity=tuple(map(_lowered, properties.get("CapacityProviderStrategy") or ())),
        hooks=_hooks(document.get("Hooks")),
    )


def _document(text: str) -> Mapping[str, Any]:
    import yaml

    # JSON is YAML too, so one parser reads both.
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        why = "The input AppSpec file is a not well-formed yaml. The template cannot be parsed."
        raise InvalidAppSpec(why) from error
    if not isinstance(document, Mapping):
        raise InvalidAppSpec("The AppSpec file must be valid JSON or YAML.")
    return document


def _properties(document: Mapping[str, Any]) -> Mapping[str, Any]:
    resources = document.get("Resources")
    if not isinstance(resources, list) or len(resources) != 1:
        raise InvalidAppSpec("The AppSpec file must have exactly one resource in Resources.")
    resource = next(iter(_mapping(resources[0], "Resources").values()), None)
    target = _mapping(resource, "TargetService")
    if target.get("Type") != SERVICE:
        raise InvalidAppSpec(f"The Type of TargetService must be {SERVICE}.")
    return _mapping(target.get("Properties"), "Properties")


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidAppSpec(f"{name} is missing or not a mapping.")
    return value


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not value or not isinstance(value, str):
        raise InvalidAppSpec(f"{name} is missing or empty.")
    return value


def _port(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise InvalidAppSpec("ContainerPort is missing or not a port.")
    return int(text)


def _network(value: Any) -> Mapping[str, Any] | None:
    """The network configuration in the spelling of ECS's API."""
    if value is None:
        return None
    inner = _lowered(_mapping(value, "NetworkConfiguration"))
    vpc = _lowered(_mapping(inner.get("awsvpcConfiguration"), "AwsvpcConfiguration"))
    return {"awsvpcConfiguration": vpc}


def _lowered(values: Any) -> dict[str, Any]:
    """Keys with a small first letter, as ECS's API has them."""
    mapping = _mapping(values, "A list's member")
    return {str(key)[:1].lower() + str(key)[1:]: value for key, value in mapping.items()}


def _hooks(value: Any) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for entry in value or []:
        for event, function in _mapping(entry, "Hooks").items():
            if event not in HOOKS:
                raise InvalidAppSpec(f"{event} is not a lifecycle event with a hook.")
            found[event] = str(function)
    return found
