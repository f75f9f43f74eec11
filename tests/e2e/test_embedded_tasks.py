"""Tasks of several containers in the embedded AWS: one network, one end."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

CLUSTER = "shop"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

ASK = """
import time, urllib.request
while True:
    try:
        said = urllib.request.urlopen("http://localhost:8000/").read()
        raise SystemExit(0 if said == b"near" else 3)
    except OSError:
        time.sleep(0.1)
"""


class Tasks:
    """One image and a cluster."""

    def __init__(self, embedded: Embedded) -> None:
        self.embedded = embedded
        self.ecs = embedded.client("ecs")
        self.ecs.create_cluster(clusterName=CLUSTER)
        embedded.client("ecr").create_repository(repositoryName="shop/app")
        self.image = embedded.push("shop/app", "one")

    def container(self, name: str, *command: str, **more: Any) -> dict[str, Any]:
        asked = {"command": list(command)} if command else {}
        return {"name": name, "image": self.image, "stopTimeout": 2, **asked, **more}

    def register(self, *containers: dict[str, Any]) -> str:
        found = self.ecs.register_task_definition(
            family="app",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=list(containers),
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def run(self, definition: str) -> str:
        started = self.ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=NETWORK,
        )
        return str(started["tasks"][0]["taskArn"])

    def task(self, arn: str) -> Any:
        return self.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]

    def seen(self, arn: str, status: str) -> Any:
        """The task, once it has that status."""

        def there() -> Any:
            task = self.task(arn)
            return task if task["lastStatus"] == status else None

        return wait_for(f"{status}: {arn}", there, 90)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasks]:
    embedded = Embedded.make(tmp_path_factory.mktemp("tasks"))
    try:
        embedded.up()
        yield Tasks(embedded)
    finally:
        embedded.reset()
        assert not embedded.containers


def test_containers_of_a_task_share_localhost_and_its_end(tasks: Tasks) -> None:
    """One answers the other at localhost; when an essential one ends, all of them go."""
    near = tasks.container("app", environment=[{"name": "VERSION", "value": "near"}])
    arn = tasks.run(tasks.register(near, tasks.container("ask", "python3", "-c", ASK)))
    task = tasks.seen(arn, "STOPPED")
    exits = {container["name"]: container["exitCode"] for container in task["containers"]}
    assert exits["ask"] == 0
    assert task["stopCode"] == "EssentialContainerExited"
    wait_for("no container", lambda: not tasks.embedded.containers, 60)


def test_a_task_keeps_its_network_when_its_first_container_ends(tasks: Tasks) -> None:
    """It was not essential, and the load balancer reaches the others at the task's address."""
    elb = tasks.embedded.client("elbv2")
    balancer = elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])
    balancer = balancer["LoadBalancers"][0]
    group = elb.create_target_group(
        Name="app",
        Protocol="HTTP",
        Port=8000,
        VpcId="vpc-1",
        TargetType="ip",
        HealthCheckIntervalSeconds=5,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    served = tasks.container(
        "app",
        portMappings=[{"containerPort": 8000}],
        environment=[{"name": "VERSION", "value": "second"}],
    )
    first = tasks.container("first", "true", essential=False)
    tasks.ecs.create_service(
        cluster=CLUSTER,
        serviceName="app",
        taskDefinition=tasks.register(first, served),
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8000}],
    )

    def answer() -> str:
        connection = http.client.HTTPConnection(balancer["DNSName"], timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            connection.close()

    wait_for("an answer", lambda: answer() == "second", 120)
    (arn,) = tasks.ecs.list_tasks(cluster=CLUSTER, serviceName="app")["taskArns"]
    (first_one, _) = tasks.task(arn)["containers"]
    assert (first_one["name"], first_one.get("exitCode")) == ("first", 0)
    tasks.ecs.delete_service(cluster=CLUSTER, service="app", force=True)
    # While it drains, its tasks can be listed; of a service that never was, AWS has none.
    tasks.ecs.list_tasks(cluster=CLUSTER, serviceName="app")
    with pytest.raises(ClientError, match="Service not found"):
        tasks.ecs.list_tasks(cluster=CLUSTER, serviceName="other")
    wait_for("no container", lambda: not tasks.embedded.containers, 120)
