"""What a deployment group must be, and the errors that AWS gives otherwise. Pure."""

from __future__ import annotations

import re
from typing import Any

from embedded_aws.json_api import ApiError, Record

ROLLBACK_EVENTS = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
LONGEST_WAIT = 2880
ALARMS_MOST = 10


def role(arn: Any) -> None:
    if not arn:
        raise ApiError("RoleRequiredException", "The role ID was not specified.")
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", str(arn)):
        message = f"The service role ARN {arn} was specified in an invalid format."
        raise ApiError("InvalidRoleException", message)


def rollback(config: Record | None) -> None:
    events = (config or {}).get("events") or []
    unknown = [event for event in events if event not in ROLLBACK_EVENTS]
    if unknown:
        message = f"Unknown rollback event: {unknown[0]}"
        raise ApiError("InvalidAutoRollbackConfigException", message)
    if config and config.get("enabled") and not events:
        message = "The automatic rollback configuration is enabled but no event was specified."
        raise ApiError("InvalidAutoRollbackConfigException", message)


def alarms(config: Record | None) -> None:
    found = (config or {}).get("alarms") or []
    if len(found) > ALARMS_MOST:
        message = (
            f"The maximum number of alarms for a deployment group ({ALARMS_MOST}) was exceeded."
        )
        raise ApiError("AlarmsLimitExceededException", message)
    if any(not alarm.get("name") for alarm in found):
        message = "The alarm name is null or empty."
        raise ApiError("InvalidAlarmConfigException", message)
    if config and config.get("enabled") and not found:
        message = "The alarm configuration is enabled, but the alarm list is empty."
        raise ApiError("InvalidAlarmConfigException", message)


def ecs_group(group: Record) -> None:
    """What only groups of the platform ECS must have."""
    _style(group.get("deploymentStyle") or {})
    _blue_green(group.get("blueGreenDeploymentConfiguration"))
    _pair((group.get("loadBalancerInfo") or {}).get("targetGroupPairInfoList") or [])
    services = group.get("ecsServices") or []
    if len(services) != 1 or not services[0].get("serviceName"):
        message = "For ECS deployment group, exactly one ECS service must be specified."
        raise ApiError("InvalidECSServiceException", message)
    if group.get("ec2TagFilters") or group.get("ec2TagSet"):
        message = "For ECS deployment group, ec2TagFilters can't be specified."
        raise ApiError("InvalidEC2TagException", message)


def _style(style: Record) -> None:
    wanted = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    for field, value in wanted.items():
        if style.get(field) != value:
            message = f"For ECS deployment group, {field} can only be set to {value}"
            raise ApiError("InvalidDeploymentStyleException", message)


def _blue_green(config: Record | None) -> None:
    error = "InvalidBlueGreenDeploymentConfigurationException"
    if not config:
        message = "For ECS deployment group, blueGreenDeploymentConfiguration must be specified"
        raise ApiError(error, message)
    ready = config.get("deploymentReadyOption") or {}
    end = config.get("terminateBlueInstancesOnDeploymentSuccess") or {}
    waits = {
        "waitTimeInMinutes": ready.get("waitTimeInMinutes", 0),
        "terminationWaitTimeInMinutes": end.get("terminationWaitTimeInMinutes", 0),
    }
    for field, minutes in waits.items():
        if not isinstance(minutes, int) or not 0 <= minutes <= LONGEST_WAIT:
            raise ApiError(error, f"{field} must be between 0 and {LONGEST_WAIT}")
    if ready.get("actionOnTimeout") == "CONTINUE_DEPLOYMENT" and waits["waitTimeInMinutes"]:
        message = "waitTimeInMinutes can't be specified when actionOnTimeout is CONTINUE_DEPLOYMENT"
        raise ApiError(error, message)
    if config.get("greenFleetProvisioningOption"):
        message = "For ECS deployment group, greenFleetProvisioningOption can not be specified"
        raise ApiError(error, message)


def _pair(pairs: list[Record]) -> None:
    if len(pairs) != 1:
        message = "For ECS deployment group, exactly one target group pair must be specified"
        raise ApiError("InvalidLoadBalancerInfoException", message)
    groups = pairs[0].get("targetGroups") or []
    names = {group.get("name") for group in groups}
    if len(groups) != 2 or len(names) != 2 or not all(names):
        message = "A target group pair must have two target groups with different names"
        raise ApiError("InvalidTargetGroupPairException", message)
    for field, least in (("prodTrafficRoute", 1), ("testTrafficRoute", 0)):
        arns = (pairs[0].get(field) or {}).get("listenerArns") or []
        if not least <= len(arns) <= 1:
            message = f"The {field} of a target group pair must have exactly one listener ARN"
            raise ApiError("InvalidTargetGroupPairException", message)
