"""The embedded AWS in a container, as with Docker Desktop: reached by published ports alone.

Here on Linux, where the host could reach containers by their addresses; nothing of this does.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from embedded_aws.contained import names
from embedded_aws.databases.images import POSTGRES
from slipway.contained.image import BASE
from slipway.errors import ToolError
from slipway.runner import SubprocessRunner
from slipway.setup import embedded_image
from slipway.setup.images import missing
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.test_embedded_rollout import CLUSTER, Shop, open_shop

pytestmark = pytest.mark.e2e

ATTACK = """
import json, os, socket, sys, urllib.error, urllib.request

def call(base, action, **data):
    scope = "test/20260101/us-west-1/ecs/aws4_request"
    headers = {
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113." + action,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=a",
    }
    request = urllib.request.Request(base, json.dumps(data).encode(), headers)
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return "no connection"

evil = {"name": "evil", "image": "python:3.13-slim-trixie", "privileged": True}
own, front = os.environ["AWS_ENDPOINT_URL"], sys.argv[1]
for base in (own, front):
    for action in ("RegisterTaskDefinition", "RunTask", "UpdateService"):
        answer = call(base, action, family="evil", containerDefinitions=[evil])
        print(base, action, answer, flush=True)
        assert answer in (403, "no connection"), (base, action, answer)
assert call(own, "RunTask") == 403
assert not os.path.exists("/var/run/docker.sock")
"""


def base_image() -> None:
    if missing([BASE], SubprocessRunner()):
        embedded_image.mend(SubprocessRunner())


def name(embedded: Embedded) -> str:
    return names.instance(embedded.checkout.work / "embedded")


def left(embedded: Embedded) -> list[str]:
    """What an engine has of an instance: containers, networks, volumes."""
    client, own = docker.from_env(), name(embedded)
    return [
        *(found.name for found in embedded.containers),
        *(found.name for found in client.containers.list(all=True, filters={"name": own})),
        *(found.name for found in client.networks.list(names=[own, names.front(own)])),
        *(found.name for found in client.volumes.list(filters={"name": own})),
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks behind a load balancer, in an instance that is gone afterwards."""
    base_image()
    embedded = Embedded.make(tmp_path_factory.mktemp("contained"), "container")
    try:
        embedded.up()
        yield open_shop(embedded)
    finally:
        embedded.reset()
        assert left(embedded) == []


def test_traffic_flows_through_a_published_port(shop: Shop) -> None:
    """The load balancer's DNS name holds it; images were pushed and pulled the same way."""
    host, _, port = shop.host.partition(":")
    assert host == "127.0.0.1"
    assert int(port) in names.published(shop.embedded.port)
    assert shop.get() == "one"
    status = shop.embedded.status
    assert status.container == name(shop.embedded)
    assert status.load_balancers == {"shop": [f"http://{shop.host}"]}


def test_a_rollout_loses_no_request(shop: Shop) -> None:
    """Draining and health checks are those of any other instance."""
    revision = shop.register(VERSION="two")
    deployment = shop.update(revision)
    answers = set()

    def replaced() -> bool:
        answers.add(shop.get())
        first = shop.service["deployments"][0]
        return bool(first["id"] == deployment and first["rolloutState"] == "COMPLETED")

    wait_for("the rollout", replaced)
    assert answers <= {"one", "two"}
    wait_for("the new version", lambda: shop.get() == "two")


def test_https_and_redirects_lead_to_published_ports(shop: Shop) -> None:
    """Each listener has a port of its own, and a redirect names the one that answers."""
    acm, elb = shop.embedded.client("acm"), shop.elb
    certificate = acm.request_certificate(DomainName="shop.example.com")["CertificateArn"]
    balancer = elb.describe_load_balancers(Names=["shop"])["LoadBalancers"][0]["LoadBalancerArn"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    made = [
        elb.create_listener(
            LoadBalancerArn=balancer,
            Port=443,
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": shop.group}],
        ),
        elb.create_listener(
            LoadBalancerArn=balancer,
            Port=8080,
            Protocol="HTTP",
            DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
        ),
    ]
    urls = shop.embedded.status.load_balancers["shop"]
    assert [url.partition(":")[0] for url in urls] == ["http", "https", "http"]
    argv = ["curl", "-sSkL", "--noproxy", "*", "--max-time", "10", urls[2]]

    def followed() -> str:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout

    wait_for("an answer by HTTPS", lambda: followed() in ("one", "two"))
    for listener in made:
        elb.delete_listener(ListenerArn=listener["Listeners"][0]["ListenerArn"])


def test_a_task_starts_nothing_by_any_of_its_addresses(shop: Shop) -> None:
    """From inside a real task: 403 on its network, no way to where ports are published."""
    networks = shop.embedded.container.attrs["NetworkSettings"]["Networks"]
    front = networks[names.front(name(shop.embedded))]["IPAddress"]
    definition = {
        "name": "app",
        "image": shop.image,
        "entryPoint": ["python3", "-c", ATTACK, f"http://{front}:{shop.embedded.port}"],
    }
    shop.ecs.register_task_definition(family="attack", containerDefinitions=[definition])
    task = shop.ecs.run_task(cluster=CLUSTER, taskDefinition="attack")["tasks"][0]["taskArn"]

    def ended() -> Any:
        found = shop.ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"][0]
        return found if found["lastStatus"] == "STOPPED" else None

    assert wait_for("its end", ended)["containers"][0]["exitCode"] == 0
    assert "evil" not in shop.ecs.list_task_definition_families()["families"]


def test_it_is_published_on_loopback_only(shop: Shop) -> None:
    """And nobody but who comes through there may call everything."""
    bindings = shop.embedded.container.attrs["NetworkSettings"]["Ports"]
    hosts = {binding["HostIp"] for found in bindings.values() if found for binding in found}
    assert hosts == {"127.0.0.1"}
    # Another container reaches neither network's address of the API.
    addresses = shop.embedded.container.attrs["NetworkSettings"]["Networks"].values()
    for address in (found["IPAddress"] for found in addresses):
        probe = f"import socket; socket.create_connection(({address!r}, {shop.embedded.port}), 2)"
        other = docker.from_env().containers.create(
            BASE, ["python3", "-c", probe], network_mode="bridge"
        )
        try:
            other.start()
            assert other.wait()["StatusCode"] != 0, address
        finally:
            other.remove(force=True)


def test_its_state_is_in_a_volume_and_the_folder_private(shop: Shop) -> None:
    """The host's folder has log, lock and pid, and nobody else may read them."""
    folder = shop.embedded.checkout.work / "embedded"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not (folder / "state").exists()
    mounts = {m["Destination"]: m for m in shop.embedded.container.attrs["Mounts"]}
    inside = str(names.inside(folder))
    assert mounts[inside]["Name"] == names.volume(name(shop.embedded))
    mode = shop.embedded.container.exec_run(["stat", "-c", "%a", inside]).output
    assert mode.strip() == b"700"


def test_a_database_is_reached_by_tasks(shop: Shop) -> None:
    """By the address that the API reports; the instance itself starts and watches it."""
    rds = shop.embedded.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="orders",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        MasterUserPassword="a-long-enough-password",
        DBName="shop",
        BackupRetentionPeriod=0,
    )

    def available() -> Any:
        found = rds.describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"][0]
        return found if found["DBInstanceStatus"] == "available" else None

    endpoint = wait_for("the database", available)["Endpoint"]
    said = docker.from_env().containers.run(
        POSTGRES,
        ["psql", "-h", endpoint["Address"], "-U", "boss", "-d", "shop", "-Atc", "SELECT 6 * 7"],
        entrypoint=[],
        environment={"PGPASSWORD": "a-long-enough-password", "PGSSLMODE": "require"},
        network=name(shop.embedded),
        remove=True,
    )
    assert said.strip() == b"42"


@pytest.mark.parametrize("end", ["down", "kill"])
def test_it_comes_back_as_it_was(shop: Shop, end: str) -> None:
    """The same address, services and images; nothing that a killed one left runs on."""
    shop.settled()
    before = shop.get()
    if end == "down":
        shop.embedded.down()
    else:
        shop.embedded.kill()
    shop.embedded.up()
    wait_for("answers", lambda: shop.get() == before)
    shop.settled()
    tasks = [one for one in shop.embedded.containers if one.labels["ministack"] == "ecs"]
    assert len({one.labels["com.amazonaws.ecs.task-arn"] for one in tasks}) == 2


def test_two_at_once_start_one(tmp_path: Path) -> None:
    """The second waits for the first, though the engine answers on the port before it does."""
    base_image()
    embedded = Embedded.make(tmp_path, "container")
    try:
        with ThreadPoolExecutor() as pool:
            endpoints = list(pool.map(lambda _: embedded.up(), range(2)))
        assert endpoints == [f"http://127.0.0.1:{embedded.port}"] * 2
    finally:
        embedded.reset()
        assert left(embedded) == []


def test_a_taken_port_is_one_message(tmp_path: Path) -> None:
    """Of the range for load balancers, which only the engine finds out."""
    base_image()
    embedded = Embedded.make(tmp_path, "container")
    port = names.published(embedded.port)[3]
    try:
        with socket.create_server(("127.0.0.1", port)), pytest.raises(ToolError) as caught:
            embedded.up()
        assert str(port) in caught.value.message
    finally:
        embedded.reset()
        assert left(embedded) == []
