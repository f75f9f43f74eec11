"""The CloudWatch alarms that target tracking makes for a policy. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from embedded_aws.json_api import Record

SCALE_IN_AT = 0.9
"""Below this share of the target value tasks are removed, as on AWS."""

PERIODS = {"AlarmHigh": 3, "AlarmLow": 15}
"""Minutes in a row that the metric must be out of bounds."""

UTILIZATION = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
REQUESTS = "ALBRequestCountPerTarget"
PREDEFINED = (*UTILIZATION, REQUESTS)


def metric(policy: Mapping[str, Any]) -> Record:
    """Namespace, MetricName, Dimensions and Statistic, or Metrics, of a policy's metric."""
    config = policy["TargetTrackingScalingPolicyConfiguration"]
    predefined = config.get("PredefinedMetricSpecification")
    if not predefined:
        return _customized(config["CustomizedMetricSpecification"])
    kind = predefined["PredefinedMetricType"]
    if kind == REQUESTS:
        balancer, group = split_label(predefined["ResourceLabel"])
        dimensions = {"LoadBalancer": balancer, "TargetGroup": group}
        return _single("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, "Sum")
    cluster, service = policy["ResourceId"].split("/")[1:3]
    dimensions = {"ClusterName": cluster, "ServiceName": service}
    return _single("AWS/ECS", UTILIZATION[kind], dimensions, "Average")


def split_label(label: str) -> tuple[str, str]:
    """Load balancer and target group, as CloudWatch's dimensions name them, of a label."""
    balancer, mark, group = label.partition("/targetgroup/")
    if not mark or not balancer.startswith("app/") or group.count("/") != 1:
        raise ValueError(label)
    return balancer, f"targetgroup/{group}"


def _single(namespace: str, name: str, dimensions: Mapping[str, str], statistic: str) -> Record:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": statistic,
    }


def _customized(config: Mapping[str, Any]) -> Record:
    if config.get("Metrics"):
        return {"Metrics": [dict(query) for query in config["Metrics"]]}
    named = {entry["Name"]: entry["Value"] for entry in config.get("Dimensions") or []}
    single = _single(config["Namespace"], config["MetricName"], named, config["Statistic"])
    return {**single, **({"Unit": config["Unit"]} if config.get("Unit") else {})}


def alarms(policy: Mapping[str, Any], region: str, account: str) -> list[Record]:
    """The alarms of a target tracking policy, as CloudWatch keeps them.

    One for too much; one for too little, unless the policy never scales in.
    """
    config = policy["TargetTrackingScalingPolicyConfiguration"]
    sides = ["AlarmHigh"] if config.get("DisableScaleIn") else ["AlarmHigh", "AlarmLow"]
    return [_alarm(policy, side, config["TargetValue"], region, account) for side in sides]


def _alarm(
    policy: Mapping[str, Any], side: str, target: float, region: str, account: str
) -> Record:
    name = f"TargetTracking-{policy['ResourceId']}-{side}-{uuid4()}"
    high = side == "AlarmHigh"
    found = metric(policy)
    period = {} if "Metrics" in found else {"Period": 60}
    stamp = int(time.time())
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
        "AlarmDescription": "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
        f"{policy['PolicyARN']}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy["PolicyARN"]],
        "OKActions": [],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": stamp,
        "AlarmConfigurationUpdatedTimestamp": stamp,
        "EvaluationPeriods": PERIODS[side],
        "Threshold": float(target if high else target * SCALE_IN_AT),
        "ComparisonOperator": "GreaterThanThreshold" if high else "LessThanThreshold",
        **found,
        **period,
    }
