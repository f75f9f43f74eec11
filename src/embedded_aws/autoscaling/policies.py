"""PutScalingPolicy and its like. Pure over the store; alarms are kept through two functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from embedded_aws.autoscaling import alarms
from embedded_aws.autoscaling.store import (
    Store,
    arn,
    checked_namespace,
    invalid,
    key_of,
    listed,
    matches,
)
from embedded_aws.json_api import ApiError, Handler, Record, Request, now

CONFIGS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}
ADJUSTMENTS = ("ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity")
COOLDOWN = 300
"""Seconds between two activities of a policy that names none, as on AWS for ECS."""


class Policies:
    """The operations on scaling policies.

    `put_alarm` stores an alarm in CloudWatch, `delete_alarm` removes one by its name.
    """

    def __init__(
        self,
        store: Store,
        put_alarm: Callable[[Record], None],
        delete_alarm: Callable[[str], None],
    ) -> None:
        self._store = store
        self._put_alarm = put_alarm
        self._delete_alarm = delete_alarm

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "DeleteScalingPolicy": self.delete,
            "DescribeScalingPolicies": self.describe,
            "PutScalingPolicy": self.put,
        }

    def put(self, request: Request) -> Mapping[str, Any]:
        """Make a policy, or replace one of that name; its alarms are made anew."""
        key = key_of(request)
        name = request.get("PolicyName")
        if not name:
            raise invalid("PolicyName", None, "Member must not be null")
        self._store.target(key)
        old = self._store.policies.get((*key, name))
        kind = request.get("PolicyType") or (old or {}).get("PolicyType") or "StepScaling"
        config = _checked(kind, request)
        if old and old["PolicyType"] != kind:
            message = "The policy type of a scaling policy can't be changed"
            raise ApiError("ValidationException", message)
        scope = self._store.scope()
        record = {
            "PolicyARN": old["PolicyARN"]
            if old
            else arn(scope, "scalingPolicy", key, f"policyName/{name}"),
            "PolicyName": name,
            "ServiceNamespace": key[0],
            "ResourceId": key[1],
            "ScalableDimension": key[2],
            "PolicyType": kind,
            CONFIGS[kind]: config,
            "Alarms": [],
            "CreationTime": old["CreationTime"] if old else now(),
        }
        if old:
            self.forget_alarms(old)
        if kind == "TargetTrackingScaling":
            record["Alarms"] = self._make_alarms(record)
        self._store.policies[(*key, name)] = record
        return {"PolicyARN": record["PolicyARN"], "Alarms": record["Alarms"]}

    def describe(self, request: Request) -> Mapping[str, Any]:
        checked_namespace(request)
        names = request.get("PolicyNames")
        found = [
            policy
            for policy in list(self._store.policies.values())
            if matches(policy, request) and (not names or policy["PolicyName"] in names)
        ]
        return listed(found, request, "ScalingPolicies")

    def delete(self, request: Request) -> None:
        key = key_of(request)
        name = request.get("PolicyName")
        policy = self._store.policies.pop((*key, name), None)
        if policy is None:
            message = f"No scaling policy found for name: {name}"
            raise ApiError("ObjectNotFoundException", message)
        self.forget_alarms(policy)

    def forget_alarms(self, policy: Record) -> None:
        """Remove the alarms that were made for a policy."""
        for alarm in policy.get("Alarms") or []:
            self._delete_alarm(alarm["AlarmName"])

    def _make_alarms(self, policy: Record) -> list[Record]:
        scope = self._store.scope()
        made = alarms.alarms(policy, scope.region, scope.account)
        for alarm in made:
            self._put_alarm(alarm)
        return [
            {field: alarm[field] for field in ("AlarmName", "AlarmARN")}
            for alarm in map(_ref, made)
        ]


def _ref(alarm: Record) -> Record:
    return {"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]}


def _checked(kind: str, request: Request) -> Record:
    if kind not in CONFIGS:
        among = f"Member must satisfy enum value set: [{', '.join(CONFIGS)}]"
        raise invalid("PolicyType", kind, among)
    config = request.get(CONFIGS[kind])
    if not config:
        message = f"{CONFIGS[kind]} must be specified for the policy type {kind}"
        raise ApiError("ValidationException", message)
    return _tracking(dict(config)) if kind == "TargetTrackingScaling" else _steps(dict(config))


def _tracking(config: Record) -> Record:
    if not isinstance(config.get("TargetValue"), int | float) or config["TargetValue"] <= 0:
        message = "TargetValue must be a number greater than 0"
        raise ApiError("ValidationException", message)
    predefined = config.get("PredefinedMetricSpecification")
    customized = config.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        message = (
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
            "must be specified"
        )
        raise ApiError("ValidationException", message)
    if predefined:
        _check_predefined(predefined)
    if customized:
        _check_customized(customized)
    return config


def _check_predefined(config: Record) -> None:
    kind = config.get("PredefinedMetricType")
    if kind not in alarms.PREDEFINED:
        message = (
            f"The predefined metric type {kind} is not supported for {{ecs:service:DesiredCount}}"
        )
        raise ApiError("ValidationException", message)
    label = config.get("ResourceLabel")
    if kind != alarms.REQUESTS:
        if label:
            message = f"Resource label can't be specified for the metric type {kind}"
            raise ApiError("ValidationException", message)
        return
    try:
        alarms.split_label(label or "")
    except ValueError as error:
        message = (
            f"Resource label {label} is invalid: it must be "
            "app/<load-balancer-name>/<id>/targetgroup/<target-group-name>/<id>"
        )
        raise ApiError("ValidationException", message) from error


def _check_customized(config: Record) -> None:
    queries = config.get("Metrics")
    if not queries:
        missing = [
            name for name in ("MetricName", "Namespace", "Statistic") if not config.get(name)
        ]
        if missing:
            message = f"{missing[0]} must be specified for a customized metric without Metrics"
            raise ApiError("ValidationException", message)
        return
    returned = [query for query in queries if query.get("ReturnData", True)]
    if len(returned) != 1:
        message = "Exactly one element of the metrics list should return data."
        raise ApiError("ValidationException", message)
    for query in queries:
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            message = f"{query.get('Id')} must have either an Expression or a MetricStat"
            raise ApiError("ValidationException", message)


def _steps(config: Record) -> Record:
    if config.get("AdjustmentType") not in ADJUSTMENTS:
        among = f"Member must satisfy enum value set: [{', '.join(ADJUSTMENTS)}]"
        raise invalid("AdjustmentType", config.get("AdjustmentType"), among)
    steps = config.get("StepAdjustments") or []
    if not steps:
        message = "There must be at least one step adjustment"
        raise ApiError("ValidationException", message)
    ranges = sorted(map(_range, steps))
    for (_, end), (start, _) in pairwise(ranges):
        if end != start:
            words = "overlap" if end > start else "have a gap between them"
            message = f"StepAdjustment intervals can't {words}"
            raise ApiError("ValidationException", message)
    return config


def _range(step: Record) -> tuple[float, float]:
    low = step.get("MetricIntervalLowerBound")
    high = step.get("MetricIntervalUpperBound")
    start = float("-inf") if low is None else float(low)
    end = float("inf") if high is None else float(high)
    if start >= end:
        message = "MetricIntervalLowerBound must be less than MetricIntervalUpperBound"
        raise ApiError("ValidationException", message)
    return start, end
