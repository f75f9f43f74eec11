"""What a rollout sees of the embedded AWS: real containers, health checks, circuit breaker."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

CLUSTER, SERVICE = "shop", "app"
NO_IMAGE = "sha256:" + "0" * 64


@dataclass
class Shop:
    """A cluster with one service behind a load balancer."""

    embedded: Embedded
    image: str = ""
    host: str = ""
    group: str = ""
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def ecs(self) -> Any:
        return self.embedded.client("ecs")

    @property
    def elb(self) -> Any:
        return self.embedded.client("elbv2")

    @property
    def service(self) -> Any:
        found = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])
        return found["services"][0]

    def register(self, image: str = "", **env: str) -> str:
        container = {
            "name": "app",
            "image": image or self.image,
            "portMappings": [{"containerPort": 8000}],
            "environment": [{"name": name, "value": value} for name, value in env.items()],
            "stopTimeout": 5,
        }
        found = self.ecs.register_task_definition(
            family="app",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="512",
            memory="1024",
            containerDefinitions=[container],
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def update(self, task_definition: str, **more: Any) -> str:
        """Begin a rollout; the id of its deployment."""
        found = self.ecs.update_service(
            cluster=CLUSTER, service=SERVICE, taskDefinition=task_definition, **more
        )
        return str(found["service"]["deployments"][0]["id"])

    def settled(self) -> Any:
        """The service, once one deployment is left and it is not under way."""

        def seen() -> Any:
            service = self.service
            (first, *others) = service["deployments"]
            done = not others and first["rolloutState"] != "IN_PROGRESS"
            return service if done else None

        return wait_for("a settled service", seen)

    def stopped(self, task_definition: str) -> list[Any]:
        arns = self.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return [task for task in tasks if task["taskDefinitionArn"] == task_definition]

    @property
    def messages(self) -> list[str]:
        return [event["message"] for event in self.service["events"]]

    def get(self, path: str = "/") -> str:
        """What the load balancer answers: the body of a 200, else the code or the error."""
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
            return body if answer.status == 200 else str(answer.status)
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one`, healthy behind a load balancer."""
    embedded = Embedded.make(tmp_path_factory.mktemp("shop"))
    try:
        embedded.up()
        yield open_shop(embedded)
    finally:
        embedded.reset()
        assert not embedded.containers


def open_shop(embedded: Embedded) -> Shop:
    embedded.client("ecr").create_repository(repositoryName="shop/app")
    shop = Shop(embedded, image=embedded.push("shop/app", "one"))
    elb = shop.elb
    balancer = elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])
    balancer = balancer["LoadBalancers"][0]
    shop.host = balancer["DNSName"]
    shop.group = embedded.target_group("app")
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": shop.group}],
    )
    shop.ecs.create_cluster(clusterName=CLUSTER)
    shop.ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=shop.register(VERSION="one"),
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        loadBalancers=[
            {"targetGroupArn": shop.group, "containerName": "app", "containerPort": 8000}
        ],
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
    )
    shop.settled()
    return shop


def test_the_first_deployment_completes(shop: Shop) -> None:
    """Steady state, healthy targets, and the load balancer's name answers as it is."""
    service = shop.settled()
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert "(service app) has reached a steady state." in shop.messages
    health = shop.elb.describe_target_health(TargetGroupArn=shop.group)
    states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
    assert states == ["healthy"] * 2
    assert shop.get() == "one"


def test_a_rolling_update_under_load_loses_nothing(shop: Shop) -> None:
    """Every request is answered 200, though the application exits at once on SIGTERM."""
    before = shop.get()
    answers: Counter[str] = Counter()
    ended = threading.Event()

    def load(path: str) -> None:
        while not ended.is_set():
            answers[shop.get(path)] += 1
            time.sleep(0.01)

    threads = [threading.Thread(target=load, args=(path,)) for path in ("/", "/", "/", "/slow")]
    for thread in threads:
        thread.start()
    deployment = shop.update(shop.register(VERSION="two"))
    service = shop.settled()
    time.sleep(1)
    ended.set()
    for thread in threads:
        thread.join()
    assert service["deployments"][0]["id"] == deployment
    assert set(answers) == {before, "two"}
    assert min(answers.values()) > 10


@pytest.mark.parametrize(
    ("variable", "code", "reason", "exit_code"),
    [
        ("CRASH", "EssentialContainerExited", "Essential container in task exited", 1),
        ("SICK", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group", 0),
        ("HOG", "EssentialContainerExited", "Essential container in task exited", 137),
    ],
)
def test_a_bad_revision_is_rolled_back(
    shop: Shop, variable: str, code: str, reason: str, exit_code: int
) -> None:
    """The old revision serves on; the failed tasks tell why."""
    before = shop.get()
    good = shop.service["taskDefinition"]
    bad = shop.register(VERSION="bad", **{variable: "1"})
    deployment = shop.update(bad)

    def failed() -> Any:
        found = [d for d in shop.service["deployments"] if d["id"] == deployment]
        return found[0] if found and found[0]["rolloutState"] == "FAILED" else None

    seen = wait_for("the failed deployment", failed)
    assert seen["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert seen["failedTasks"] >= 3
    service = shop.settled()
    assert service["taskDefinition"] == good
    assert shop.get() == before
    task = next(task for task in shop.stopped(bad) if task["stopCode"] == code)
    assert task["containers"][0]["exitCode"] == exit_code
    assert task["stoppedReason"].startswith(reason)
    if variable == "HOG":
        assert task["containers"][0]["reason"].startswith("OutOfMemoryError: Container killed")
    if variable == "SICK":
        wanted = "due to (reason Health checks failed with these codes: [500])."
        assert any(message.endswith(wanted) for message in shop.messages)


def test_a_missing_image_is_rolled_back(shop: Shop) -> None:
    """An image that the registry does not have fails the rollout, cached or not."""
    good = shop.service["taskDefinition"]
    bad = shop.register(image=f"{shop.image.split('@')[0]}@{NO_IMAGE}")
    shop.update(bad)
    assert shop.settled()["taskDefinition"] == good
    task = shop.stopped(bad)[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: pull image manifest")
    assert task["stoppedReason"].endswith("not found")


def test_minimum_and_maximum_are_kept(shop: Shop) -> None:
    """At 50/100 never more than two tasks run and never fewer than one is healthy."""
    limits = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    shop.update(shop.register(VERSION="narrow"), deploymentConfiguration=limits)
    counts = []

    def over() -> bool:
        service = shop.service
        counts.append(service["runningCount"] + service["pendingCount"])
        return bool(service["deployments"][0]["rolloutState"] == "COMPLETED")

    wait_for("the rollout", over)
    assert max(counts) == 2
    assert min(counts) >= 1
    kept = shop.service["deploymentConfiguration"]
    assert kept["deploymentCircuitBreaker"]["rollback"]
    usual = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    shop.ecs.update_service(cluster=CLUSTER, service=SERVICE, deploymentConfiguration=usual)


def test_a_task_that_is_killed_is_replaced(shop: Shop) -> None:
    """The service comes back to its two tasks by itself."""
    shop.settled()
    victim = shop.embedded.containers[0]
    victim.kill()
    wait_for("a task less", lambda: shop.service["runningCount"] < 2)
    wait_for("two tasks", lambda: shop.service["runningCount"] == 2)


def test_services_come_back_after_kill(shop: Shop) -> None:
    """After kill -9 and a start the tasks run again, and no container is left over."""
    before = shop.get()
    os.kill(shop.embedded.status.pid, signal.SIGKILL)
    wait_for("its end", lambda: not shop.embedded.status.running)
    shop.embedded.up()
    wait_for("answers", lambda: shop.get() == before)
    shop.settled()
    assert len(shop.embedded.containers) == 2


def test_one_off_task(shop: Shop) -> None:
    """RunTask runs to its end and tells the exit code."""
    started = shop.ecs.run_task(
        cluster=CLUSTER,
        taskDefinition=shop.register(CRASH="1"),
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    arn = started["tasks"][0]["taskArn"]

    def stopped() -> Any:
        task = shop.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
        return task if task["lastStatus"] == "STOPPED" else None

    task = wait_for("the end of the task", stopped)
    assert task["containers"][0]["exitCode"] == 1


def test_deleting_drains_first(shop: Shop) -> None:
    """A service that is deleted is DRAINING, then INACTIVE, and its containers go."""
    found = shop.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert found["service"]["status"] == "DRAINING"
    wait_for("INACTIVE", lambda: shop.service["status"] == "INACTIVE")
    assert shop.get() == "503"
