"""Application Auto Scaling in the embedded AWS: metrics in, desired counts out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

NAME = "shop"
TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{NAME}/{NAME}",
    "ScalableDimension": "ecs:service:DesiredCount",
}


class Shop:
    """A cluster with one service without a load balancer."""

    def __init__(self, embedded: Embedded) -> None:
        self.embedded = embedded
        self.ecs, self.watch = embedded.client("ecs"), embedded.client("cloudwatch")
        self.scaling = embedded.client("application-autoscaling")

    @property
    def service(self) -> Any:
        return self.ecs.describe_services(cluster=NAME, services=[NAME])["services"][0]

    @property
    def activities(self) -> list[Any]:
        found = self.scaling.describe_scaling_activities(ServiceNamespace="ecs")
        activities: list[Any] = found["ScalingActivities"]
        return activities

    def runs(self, count: int) -> None:
        wait_for(f"{count} tasks", lambda: self.service["runningCount"] == count)

    @contextmanager
    def load(self, value: float) -> Iterator[None]:
        """Publish a load all the time meanwhile."""
        over = threading.Event()

        def publish() -> None:
            while not over.wait(0.3):
                datum = {"MetricName": "Load", "Value": value}
                self.watch.put_metric_data(Namespace="Test", MetricData=[datum])

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One task; a minute takes a second."""
    embedded = Embedded.make(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", "1")
        try:
            embedded.up()
            yield open_shop(embedded)
        finally:
            embedded.reset()
            assert not embedded.containers


def open_shop(embedded: Embedded) -> Shop:
    embedded.client("ecr").create_repository(repositoryName="shop/app")
    shop = Shop(embedded)
    container = {"name": "app", "image": embedded.push("shop/app", "one")}
    definition = shop.ecs.register_task_definition(
        family=NAME,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    shop.ecs.create_cluster(clusterName=NAME)
    shop.ecs.create_service(
        cluster=NAME,
        serviceName=NAME,
        taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    shop.runs(1)
    return shop


@pytest.fixture
def target(shop: Shop) -> Iterator[None]:
    """The service, steady with one task, as a scalable target of one to four; forgotten after."""
    shop.ecs.update_service(cluster=NAME, service=NAME, desiredCount=1)
    shop.runs(1)
    shop.scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    yield
    found = shop.scaling.describe_scalable_targets(ServiceNamespace="ecs")
    if found["ScalableTargets"]:
        shop.scaling.deregister_scalable_target(**TARGET)


def test_only_what_is_there_can_be_scaled(shop: Shop) -> None:
    """The error has AWS's words."""
    other = {**TARGET, "ResourceId": "service/shop/other"}
    with pytest.raises(ClientError, match="ECS service doesn't exist: service/shop/other"):
        shop.scaling.register_scalable_target(**other, MinCapacity=1, MaxCapacity=2)


def test_new_bounds_are_kept_at_once(shop: Shop, target: None) -> None:
    """The activity tells the cause, and that it was fulfilled."""
    shop.scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    shop.runs(2)
    wait_for("a fulfilled activity", lambda: shop.activities[0]["StatusCode"] == "Successful")
    assert shop.activities[0]["Cause"] == "minimum capacity was set to 2"
    assert shop.activities[0]["Description"] == "Setting desired count to 2."


def test_target_tracking_follows_a_metric(shop: Shop, target: None) -> None:
    """Out in proportion to the load, in one by one; both alarms can be described."""
    made = shop.scaling.put_scaling_policy(
        **TARGET,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100,
            "CustomizedMetricSpecification": {
                "Namespace": "Test",
                "MetricName": "Load",
                "Statistic": "Average",
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        },
    )
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    alarms = shop.watch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert sorted(alarm["Threshold"] for alarm in alarms) == [90.0, 100.0]
    with shop.load(150):
        shop.runs(4)
    assert "AlarmHigh" in shop.activities[0]["Cause"]
    with shop.load(10):
        shop.runs(1)
    assert "AlarmLow" in shop.activities[0]["Cause"]
    shop.scaling.delete_scaling_policy(**TARGET, PolicyName="load")
    assert not shop.watch.describe_alarms(AlarmNames=names)["MetricAlarms"]


def test_steps_follow_an_alarm(shop: Shop, target: None) -> None:
    """One that names the policy among its actions."""
    made = shop.scaling.put_scaling_policy(
        **TARGET,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            "Cooldown": 6000,
        },
    )
    shop.watch.put_metric_alarm(
        AlarmName="load",
        Namespace="Test",
        MetricName="Load",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[made["PolicyARN"]],
    )
    with shop.load(60):
        shop.runs(2)
        time.sleep(3)
    assert shop.service["desiredCount"] == 2, "the cooldown holds"
    shop.watch.delete_alarms(AlarmNames=["load"])
    shop.scaling.delete_scaling_policy(**TARGET, PolicyName="steps")


@pytest.mark.parametrize("metric", ["CPUUtilization", "MemoryUtilization"])
def test_services_have_metrics(shop: Shop, metric: str) -> None:
    """Of what their tasks use of what is reserved, in percent."""

    def value() -> Any:
        found = shop.watch.get_metric_statistics(
            Namespace="AWS/ECS",
            MetricName=metric,
            Dimensions=[
                {"Name": "ClusterName", "Value": NAME},
                {"Name": "ServiceName", "Value": NAME},
            ],
            StartTime=time.time() - 600,
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Average"],
        )
        return found["Datapoints"]

    points = wait_for(metric, value)
    assert all(0 < point["Average"] < 100 for point in points), points


def test_a_forgotten_target_is_left_alone(shop: Shop, target: None) -> None:
    """Below the bounds that it had."""
    shop.scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4)
    shop.runs(2)
    shop.scaling.deregister_scalable_target(**TARGET)
    shop.ecs.update_service(cluster=NAME, service=NAME, desiredCount=1)
    shop.runs(1)
    found = shop.scaling.describe_scalable_targets(ServiceNamespace="ecs")
    assert found["ScalableTargets"] == []
    time.sleep(3)
    assert shop.service["desiredCount"] == 1
