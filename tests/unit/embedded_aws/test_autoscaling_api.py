"""Application Auto Scaling's API: shapes as in AWS's model, AWS's errors, alarms of policies."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.autoscaling.actions import Actions
from embedded_aws.autoscaling.policies import Policies
from embedded_aws.autoscaling.store import Store
from embedded_aws.autoscaling.targets import Targets
from embedded_aws.json_api import Scope
from tests.aws_model import ApiFailure, call, raw_call

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/cluster/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
LABEL = "app/lb/1/targetgroup/group/2"


def tracking(**config: Any) -> dict[str, Any]:
    return {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0, **config},
    }


def predefined(kind: str, **more: Any) -> dict[str, Any]:
    return {"PredefinedMetricSpecification": {"PredefinedMetricType": kind, **more}}


CPU = predefined("ECSServiceAverageCPUUtilization")


class Api:
    """Application Auto Scaling over plain dictionaries."""

    def __init__(self) -> None:
        self.problem = ""
        self.alarms: dict[str, Any] = {}
        self.store = Store(lambda: Scope("000000000000", "us-west-1"))
        policies = Policies(self.store, self.put_alarm, self.alarms.pop)
        targets = Targets(self.store, lambda _: self.problem, policies.forget_alarms, lambda: None)
        self.handlers = {
            **targets.handlers(),
            **policies.handlers(),
            **Actions(self.store).handlers(),
        }

    def put_alarm(self, alarm: Any) -> None:
        self.alarms[alarm["AlarmName"]] = alarm

    def __call__(self, operation: str, **given: Any) -> Any:
        return call("application-autoscaling", self.handlers, operation, **given)

    def fails(self, code: str, operation: str, **given: Any) -> str:
        with pytest.raises(ApiFailure) as failure:
            raw_call("application-autoscaling", self.handlers, operation, **given)
        assert failure.value.code == code
        return str(failure.value)


@pytest.fixture
def api() -> Api:
    """A registered target without policies."""
    made = Api()
    made("RegisterScalableTarget", **TARGET, MinCapacity=1, MaxCapacity=4, Tags={"a": "b"})
    return made


def test_a_target_is_registered_changed_and_forgotten(api: Api) -> None:
    """What a second registration leaves out keeps its value; policies and alarms go with it."""
    arn = api("RegisterScalableTarget", **TARGET, MaxCapacity=6)["ScalableTargetARN"]
    found = api("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"]
    assert [(t["MinCapacity"], t["MaxCapacity"], t["ScalableTargetARN"]) for t in found] == [
        (1, 6, arn)
    ]
    assert api("ListTagsForResource", ResourceARN=arn)["Tags"] == {"a": "b"}
    api("PutScalingPolicy", **TARGET, PolicyName="cpu", **tracking(**CPU))
    api("DeregisterScalableTarget", **TARGET)
    assert not api.alarms
    assert not api.store.policies
    api.fails("ObjectNotFoundException", "DeregisterScalableTarget", **TARGET)
    api.fails("ResourceNotFoundException", "ListTagsForResource", ResourceARN=arn)


def test_suspension_is_kept_switch_by_switch(api: Api) -> None:
    """A registration changes only the switches that it names."""
    api("RegisterScalableTarget", **TARGET, SuspendedState={"DynamicScalingOutSuspended": True})
    api("RegisterScalableTarget", **TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    found = api("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"]
    assert found[0]["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ServiceNamespace": "moon"}, "enum value set"),
        ({"ScalableDimension": "rds:cluster:ReadReplicaCount"}, "not supported"),
        ({"ResourceId": "cluster/app"}, "Unsupported"),
        ({"ResourceId": None}, "not be null"),
        ({"MinCapacity": 5}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1}, "greater than or equal to 0"),
        ({"MinCapacity": None}, "MinCapacity must be specified"),
    ],
)
def test_a_target_that_can_not_be_is_refused(given: dict[str, Any], words: str) -> None:
    """With a ValidationException that says why."""
    request = {**TARGET, "MinCapacity": 1, "MaxCapacity": 4, **given}
    assert words in Api().fails("ValidationException", "RegisterScalableTarget", **request)


def test_a_service_that_is_not_there_can_not_be_scaled() -> None:
    """The error has AWS's words."""
    api = Api()
    api.problem = "ECS service doesn't exist: service/cluster/app"
    said = api.fails(
        "ValidationException", "RegisterScalableTarget", **TARGET, MinCapacity=1, MaxCapacity=2
    )
    assert said == "ECS service doesn't exist: service/cluster/app"


def test_a_policy_needs_its_target() -> None:
    """The error has AWS's words."""
    said = Api().fails(
        "ObjectNotFoundException", "PutScalingPolicy", **TARGET, PolicyName="cpu", **tracking(**CPU)
    )
    assert said == (
        "No scalable target registered for service namespace: ecs, resource ID: "
        "service/cluster/app, scalable dimension: ecs:service:DesiredCount"
    )


def test_target_tracking_makes_the_alarms_that_it_returns(api: Api) -> None:
    """One for too much, one for too little; putting it again replaces them."""
    first = api("PutScalingPolicy", **TARGET, PolicyName="cpu", **tracking(**CPU))
    assert {alarm["AlarmName"] for alarm in first["Alarms"]} == set(api.alarms)
    high, low = (api.alarms[alarm["AlarmName"]] for alarm in first["Alarms"])
    assert (high["Threshold"], high["ComparisonOperator"]) == (70.0, "GreaterThanThreshold")
    assert (low["Threshold"], low["ComparisonOperator"]) == (63.0, "LessThanThreshold")
    assert (high["EvaluationPeriods"], low["EvaluationPeriods"]) == (3, 15)
    assert high["MetricName"] == "CPUUtilization"
    assert high["AlarmActions"] == [first["PolicyARN"]]
    again = api(
        "PutScalingPolicy", **TARGET, PolicyName="cpu", **tracking(**CPU, DisableScaleIn=True)
    )
    assert again["PolicyARN"] == first["PolicyARN"]
    assert set(api.alarms) == {again["Alarms"][0]["AlarmName"]}
    listed = api("DescribeScalingPolicies", ServiceNamespace="ecs", PolicyNames=["cpu"])
    assert listed["ScalingPolicies"][0]["Alarms"] == again["Alarms"]
    api("DeleteScalingPolicy", **TARGET, PolicyName="cpu")
    assert not api.alarms
    api.fails("ObjectNotFoundException", "DeleteScalingPolicy", **TARGET, PolicyName="cpu")


def test_requests_per_target_name_balancer_and_group(api: Api) -> None:
    """The label becomes CloudWatch's dimensions."""
    metric = predefined("ALBRequestCountPerTarget", ResourceLabel=LABEL)
    api("PutScalingPolicy", **TARGET, PolicyName="requests", **tracking(**metric))
    alarm = next(iter(api.alarms.values()))
    assert {d["Name"]: d["Value"] for d in alarm["Dimensions"]} == {
        "LoadBalancer": "app/lb/1",
        "TargetGroup": "targetgroup/group/2",
    }
    assert alarm["Statistic"] == "Sum"


def query(identifier: str, **more: Any) -> dict[str, Any]:
    return {"Id": identifier, **more}


STAT = {"Metric": {"Namespace": "N", "MetricName": "M"}, "Stat": "Sum"}


def test_metric_math_goes_into_the_alarm(api: Api) -> None:
    """The alarm has the queries instead of one metric."""
    metrics = [
        query("a", MetricStat=STAT, ReturnData=False),
        query("b", Expression="a / 2", ReturnData=True),
    ]
    config = tracking(CustomizedMetricSpecification={"Metrics": metrics})
    api("PutScalingPolicy", **TARGET, PolicyName="math", **config)
    alarm = next(iter(api.alarms.values()))
    assert alarm["Metrics"] == metrics
    assert "MetricName" not in alarm


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "Exactly one of"),
        ({**CPU, "CustomizedMetricSpecification": {"MetricName": "M"}}, "Exactly one of"),
        ({**CPU, "TargetValue": 0}, "greater than 0"),
        (predefined("DynamoDBReadCapacityUtilization"), "not supported"),
        (predefined("ALBRequestCountPerTarget"), "Resource label None"),
        (predefined("ECSServiceAverageCPUUtilization", ResourceLabel=LABEL), "can't be specified"),
        ({"CustomizedMetricSpecification": {"Namespace": "N"}}, "MetricName"),
        (
            {"CustomizedMetricSpecification": {"Metrics": [query("a"), query("b")]}},
            "should return data",
        ),
        ({"CustomizedMetricSpecification": {"Metrics": [query("a")]}}, "Expression"),
    ],
)
def test_a_tracking_policy_that_can_not_be_is_refused(
    api: Api, config: dict[str, Any], words: str
) -> None:
    """Nothing is stored and no alarm is made."""
    request = {**TARGET, "PolicyName": "p", **tracking(**config)}
    assert words in api.fails("ValidationException", "PutScalingPolicy", **request)
    assert not api.alarms
    assert not api.store.policies


def step(low: float | None, high: float | None) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
    return {
        "ScalingAdjustment": 1,
        **{name: value for name, value in bounds.items() if value is not None},
    }


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "at least one"),
        ([step(0, 10), step(5, None)], "overlap"),
        ([step(0, 10), step(20, None)], "gap"),
        ([step(10, 10)], "must be less than"),
    ],
)
def test_steps_follow_each_other(api: Api, steps: list[Any], words: str) -> None:
    """Their intervals neither overlap nor leave gaps."""
    config = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}
    request = {**TARGET, "PolicyName": "p", "StepScalingPolicyConfiguration": config}
    assert words in api.fails("ValidationException", "PutScalingPolicy", **request)


def test_a_step_policy_has_no_alarms_of_its_own(api: Api) -> None:
    """Whoever makes the policy makes its alarms, as on AWS; its type stays what it is."""
    config = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [step(0, 10), step(10, None)],
    }
    made = api("PutScalingPolicy", **TARGET, PolicyName="p", StepScalingPolicyConfiguration=config)
    assert made["Alarms"] == []
    listed = api("DescribeScalingPolicies", ServiceNamespace="ecs")["ScalingPolicies"]
    assert listed[0]["PolicyType"] == "StepScaling"
    request = {**TARGET, "PolicyName": "p", **tracking(**CPU)}
    assert "type" in api.fails("ValidationException", "PutScalingPolicy", **request)


def test_scheduled_actions_are_kept(api: Api) -> None:
    """And shown; a second put changes what it names."""
    name = {**TARGET, "ScheduledActionName": "night"}
    action = {"MinCapacity": 0, "MaxCapacity": 1}
    api("PutScheduledAction", **name, Schedule="cron(0 22 * * ? *)", ScalableTargetAction=action)
    api("PutScheduledAction", **name, Timezone="Europe/Berlin")
    found = api("DescribeScheduledActions", ServiceNamespace="ecs")["ScheduledActions"][0]
    assert (found["Schedule"], found["Timezone"]) == ("cron(0 22 * * ? *)", "Europe/Berlin")
    bad = {**name, "Schedule": "at night"}
    api.fails("ValidationException", "PutScheduledAction", **bad)
    api("DeleteScheduledAction", **name)
    api.fails("ObjectNotFoundException", "DeleteScheduledAction", **name)


def test_lists_come_in_pages(api: Api) -> None:
    """Each with the token of the next."""
    for number in range(3):
        policy = {"PolicyName": f"p{number}", **tracking(**CPU)}
        api("PutScalingPolicy", **TARGET, **policy)
    first = api("DescribeScalingPolicies", ServiceNamespace="ecs", MaxResults=2)
    rest = api("DescribeScalingPolicies", ServiceNamespace="ecs", NextToken=first["NextToken"])
    names = [p["PolicyName"] for p in first["ScalingPolicies"] + rest["ScalingPolicies"]]
    assert names == ["p0", "p1", "p2"]
    assert "NextToken" not in rest
    code = "InvalidNextTokenException"
    api.fails(code, "DescribeScalingPolicies", ServiceNamespace="ecs", NextToken="x")


def test_activities_are_shown_newest_first(api: Api) -> None:
    """Without what is for us alone."""
    for number in (1, 2):
        api.store.note(
            (TARGET["ServiceNamespace"], TARGET["ResourceId"], TARGET["ScalableDimension"]),
            {
                "ActivityId": str(number),
                **TARGET,
                "Description": "d",
                "Cause": "c",
                "StartTime": float(number),
                "StatusCode": "Successful",
                "_direction": "out",
            },
        )
    found = api("DescribeScalingActivities", ServiceNamespace="ecs")["ScalingActivities"]
    assert [activity["ActivityId"] for activity in found] == ["2", "1"]
