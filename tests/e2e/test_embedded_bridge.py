"""What a task of the embedded AWS can call, and what it can't."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest

from tests.e2e.embedded import BASE, REGION, Embedded, wait_for

pytestmark = pytest.mark.e2e

SCRIPT = """
import json, os, urllib.error, urllib.request

def call(target, **data):
    service = target.partition(".")[0].lower()
    scope = f"test/20260101/us-west-1/{service}/aws4_request"
    headers = {
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=a",
    }
    body = json.dumps(data).encode()
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)
    try:
        return json.load(urllib.request.urlopen(request, timeout=10))
    except urllib.error.HTTPError as error:
        return error.code

assert call("secretsmanager.GetSecretValue", SecretId="shop/key")["SecretString"] == "hush"
ecs = "AmazonEC2ContainerServiceV20141113."
evil = [{"name": "evil", "image": "python:3.13-slim-trixie", "privileged": True}]
for action in ("RegisterTaskDefinition", "RunTask", "CreateService", "UpdateService"):
    more = {"family": "evil", "taskDefinition": "app", "containerDefinitions": evil}
    assert call(ecs + action, **more) == 403, action
# Nor is there another way to the engine.
assert not os.path.exists("/var/run/docker.sock")
assert json.load(urllib.request.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task"))
"""


CLIENTS = """
import sys, boto3
from botocore.exceptions import ClientError
from boto3 import client

s3 = client("s3")
s3.put_object(Bucket="uploads", Key="a/b", Body=b"c")
assert s3.get_object(Bucket="uploads", Key="a/b")["Body"].read() == b"c"
assert s3.list_objects_v2(Bucket="uploads")["KeyCount"] == 1
assert client("sns").publish(TopicArn=sys.argv[1], Message="m")["MessageId"]
assert client("sts").get_caller_identity()["Account"]
datum = {"MetricName": "Sold", "Value": 1}
client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[datum])
for refused in (
    lambda: s3.create_bucket(Bucket="more"),
    lambda: s3.delete_bucket(Bucket="uploads"),
    lambda: client("ecs").run_task(cluster="shop", taskDefinition="app"),
    lambda: client("ssm").put_parameter(Name="a", Value="b", Type="String"),
    lambda: client("iam").create_user(UserName="a"),
    lambda: client("sns").create_topic(Name="more"),
    lambda: client("ec2").run_instances(MinCount=1, MaxCount=1),
    lambda: client("ecr").get_authorization_token(),
):
    try:
        refused()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error
    else:
        raise AssertionError("allowed")
"""

FETCH = """
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=3).status)
except OSError as error:
    print(getattr(error, "code", "no connection"))
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One with a secret, and a bucket."""
    embedded = Embedded.make(tmp_path_factory.mktemp("bridge"))
    try:
        embedded.up()
        embedded.client("secretsmanager").create_secret(Name="shop/key", SecretString="hush")
        where: Any = {"LocationConstraint": REGION}
        embedded.client("s3").create_bucket(Bucket="uploads", CreateBucketConfiguration=where)
        yield embedded
    finally:
        embedded.reset()
        assert not embedded.containers


def test_a_task_reads_its_secret_and_starts_nothing(embedded: Embedded) -> None:
    """By the endpoint that it is told."""
    embedded.client("ecr").create_repository(repositoryName="shop/app")
    ecs = embedded.client("ecs")
    container = {
        "name": "app",
        "image": embedded.push("shop/app", "one"),
        "entryPoint": ["python3", "-c", SCRIPT],
    }
    ecs.register_task_definition(family="app", containerDefinitions=[container])
    ecs.create_cluster(clusterName="shop")
    task = ecs.run_task(cluster="shop", taskDefinition="app")["tasks"][0]["taskArn"]

    def stopped() -> Any:
        found = ecs.describe_tasks(cluster="shop", tasks=[task])["tasks"][0]
        return found if found["lastStatus"] == "STOPPED" else None

    ended = wait_for("the task's end", stopped)
    assert ended["containers"][0]["exitCode"] == 0, ended
    assert ecs.list_task_definition_families()["families"] == ["app"]


def network(embedded: Embedded) -> Any:
    """That of the instance, which is named after its folder."""
    folder = embedded.root.resolve() / ".slipway" / "embedded"
    name = "slipway-" + hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return docker.from_env().networks.get(name)


def gateway(embedded: Embedded) -> str:
    return str(network(embedded).attrs["IPAM"]["Config"][0]["Gateway"])


@pytest.mark.parametrize("network_mode", ["bridge", "host"])
def test_a_privileged_container_is_not_to_be_had(embedded: Embedded, network_mode: str) -> None:
    """Not by the API on loopback either, whatever a definition says: Fargate has none."""
    ecs = embedded.client("ecs")
    container = {
        "name": network_mode,
        "image": embedded.push("shop/app", network_mode),
        "privileged": True,
        "mountPoints": [{"sourceVolume": "host", "containerPath": "/host"}],
    }
    ecs.register_task_definition(
        family=network_mode,
        containerDefinitions=[container],
        volumes=[{"name": "host", "host": {"sourcePath": "/"}}],
        networkMode=network_mode,
        pidMode="host",
        ipcMode="host",
    )
    task = ecs.run_task(cluster="shop", taskDefinition=network_mode)["tasks"][0]["taskArn"]

    def known() -> bool:
        found = ecs.describe_tasks(cluster="shop", tasks=[task])["tasks"][0]
        return found["lastStatus"] in ("RUNNING", "STOPPED")

    wait_for("a container, or a refusal", known)
    for found in embedded.containers:
        host = found.attrs["HostConfig"]
        assert not host["Privileged"]
        assert "host" not in (host["NetworkMode"], host["PidMode"], host["IpcMode"])
        assert "bind" not in [mount["Type"] for mount in found.attrs["Mounts"]]
    ecs.stop_task(cluster="shop", task=task)


def test_another_network_gets_nothing(embedded: Embedded) -> None:
    """Also where it reaches the gateway."""
    url = f"http://{gateway(embedded)}:{embedded.port}/v2/credentials/0"
    other = docker.from_env().containers.run(
        BASE, ["python3", "-c", FETCH, url], network_mode="bridge", remove=True
    )
    assert other.decode().strip() != "200"


def test_real_clients_get_what_is_allowed(embedded: Embedded) -> None:
    """Objects, metrics and messages; neither buckets nor anything that runs code."""
    topic = embedded.client("sns").create_topic(Name="news")["TopicArn"]
    packages = str(Path(boto3.__file__).parents[1])
    docker.from_env().containers.run(
        BASE,
        ["python3", "-c", CLIENTS, topic],
        network=network(embedded).name,
        volumes={packages: {"bind": "/packages", "mode": "ro"}},
        environment={
            "PYTHONPATH": "/packages",
            "AWS_ENDPOINT_URL": f"http://{gateway(embedded)}:{embedded.port}",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        remove=True,
    )
    assert embedded.client("cloudwatch").list_metrics(Namespace="Shop")["Metrics"]
