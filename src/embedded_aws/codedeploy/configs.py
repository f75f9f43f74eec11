"""Deployment configurations: those of AWS's own and those that are made. Pure over the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from uuid import NAMESPACE_DNS, uuid4, uuid5

from embedded_aws.codedeploy.applications import BAD_TOKEN, PAGE, checked_platform
from embedded_aws.codedeploy.store import Store, checked_name
from embedded_aws.json_api import ApiError, Handler, Record, Request, chosen, now, page

PREFIX = "CodeDeployDefault."
ALL_AT_ONCE = f"{PREFIX}ECSAllAtOnce"
LONGEST_WAIT = 2880
"""Minutes between two steps of a shift."""


def _canary(percent: int, minutes: int) -> Record:
    times = {"canaryPercentage": percent, "canaryInterval": minutes}
    return {"type": "TimeBasedCanary", "timeBasedCanary": times}


def _linear(percent: int, minutes: int) -> Record:
    times = {"linearPercentage": percent, "linearInterval": minutes}
    return {"type": "TimeBasedLinear", "timeBasedLinear": times}


def _traffic(platform: str, name: str, routing: Record) -> Record:
    return _predefined(name, computePlatform=platform, trafficRoutingConfig=routing)


def _hosts(name: str, kind: str, value: int) -> Record:
    hosts = {"type": kind, "value": value}
    return _predefined(name, computePlatform="Server", minimumHealthyHosts=hosts)


def _predefined(name: str, **members: Any) -> Record:
    name = PREFIX + name
    identifier = str(uuid5(NAMESPACE_DNS, name))
    return {"deploymentConfigId": identifier, "deploymentConfigName": name, **members}


PREDEFINED = {
    config["deploymentConfigName"]: config
    for config in (
        _hosts("AllAtOnce", "HOST_COUNT", 0),
        _hosts("HalfAtATime", "FLEET_PERCENT", 50),
        _hosts("OneAtATime", "HOST_COUNT", 1),
        _traffic("ECS", "ECSAllAtOnce", {"type": "AllAtOnce"}),
        _traffic("ECS", "ECSCanary10Percent5Minutes", _canary(10, 5)),
        _traffic("ECS", "ECSCanary10Percent15Minutes", _canary(10, 15)),
        _traffic("ECS", "ECSLinear10PercentEvery1Minutes", _linear(10, 1)),
        _traffic("ECS", "ECSLinear10PercentEvery3Minutes", _linear(10, 3)),
        _traffic("Lambda", "LambdaAllAtOnce", {"type": "AllAtOnce"}),
        *(
            _traffic("Lambda", f"LambdaCanary10Percent{n}Minutes", _canary(10, n))
            for n in (5, 10, 15, 30)
        ),
        *(
            _traffic(
                "Lambda", f"LambdaLinear10PercentEvery{n}Minute{'s' * (n > 1)}", _linear(10, n)
            )
            for n in (1, 2, 3, 10)
        ),
    )
}


class Configs:
    """The operations on deployment configurations."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "CreateDeploymentConfig": self.create,
            "DeleteDeploymentConfig": self.delete,
            "GetDeploymentConfig": self.get,
            "ListDeploymentConfigs": self.list,
        }

    def find(self, name: Any) -> Record:
        """The configuration of that name."""
        checked_name(name, "DeploymentConfig")
        found = PREDEFINED.get(name) or self._store.configs.get(name)
        if found is None:
            message = f"No Deployment Configuration found for name: {name}"
            raise ApiError("DeploymentConfigDoesNotExistException", message)
        return found

    def create(self, request: Request) -> Mapping[str, Any]:
        name = checked_name(request.get("deploymentConfigName"), "DeploymentConfig")
        platform = checked_platform(request.get("computePlatform") or "Server")
        if name.startswith(PREFIX):
            message = f"The deployment configuration name {name} must not begin with {PREFIX}"
            raise ApiError("InvalidDeploymentConfigNameException", message)
        if name in self._store.configs:
            message = f"A deployment configuration with the name {name} already exists."
            raise ApiError("DeploymentConfigAlreadyExistsException", message)
        identifier = str(uuid4())
        self._store.configs[name] = {
            "deploymentConfigId": identifier,
            "deploymentConfigName": name,
            "createTime": now(),
            "computePlatform": platform,
            **_how(platform, request),
        }
        return {"deploymentConfigId": identifier}

    def get(self, request: Request) -> Mapping[str, Any]:
        return {"deploymentConfigInfo": self.find(request.get("deploymentConfigName"))}

    def list(self, request: Request) -> Mapping[str, Any]:
        names = [*sorted(PREDEFINED), *sorted(self._store.configs)]
        found, token = page(names, request.get("nextToken"), PAGE, BAD_TOKEN)
        return {"deploymentConfigsList": found, **({"nextToken": token} if token else {})}

    def delete(self, request: Request) -> None:
        name = checked_name(request.get("deploymentConfigName"), "DeploymentConfig")
        if name in PREDEFINED:
            message = f"The deployment configuration {name} is predefined and can't be deleted."
            raise ApiError("InvalidOperationException", message)
        groups = list(self._store.groups.values())
        if any(group["deploymentConfigName"] == name for group in groups):
            message = f"The deployment configuration {name} is still in use."
            raise ApiError("DeploymentConfigInUseException", message)
        self._store.configs.pop(name, None)


def _how(platform: str, request: Request) -> Record:
    """How such a deployment moves on: hosts for servers, traffic for the others."""
    if platform == "Server":
        if not request.get("minimumHealthyHosts"):
            message = "The minimum healthy instance value was specified in an invalid format."
            raise ApiError("InvalidMinimumHealthyHostValueException", message)
        return chosen(request, ("minimumHealthyHosts", "zonalConfig"))
    return {"trafficRoutingConfig": checked_routing(request.get("trafficRoutingConfig"))}


def checked_routing(routing: Any) -> Record:
    """The traffic routing of a request if its numbers are within AWS's limits."""
    kind = (routing or {}).get("type")
    if kind == "AllAtOnce":
        return {"type": kind}
    word = {"TimeBasedCanary": "canary", "TimeBasedLinear": "linear"}.get(str(kind))
    if word is None:
        _refuse("The traffic routing configuration is missing or its type is invalid.")
    times = routing.get(f"timeBased{word.title()}") or {}
    percent, minutes = times.get(f"{word}Percentage"), times.get(f"{word}Interval")
    if not isinstance(percent, int) or not 1 <= percent <= 99:
        _refuse(f"The {word}Percentage must be an integer between 1 and 99.")
    if not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_WAIT:
        _refuse(f"The {word}Interval must be an integer between 1 and {LONGEST_WAIT}.")
    return _canary(percent, minutes) if word == "canary" else _linear(percent, minutes)


def _refuse(message: str) -> NoReturn:
    raise ApiError("InvalidTrafficRoutingConfigurationException", message)
