"""Services that call each other by name in the embedded AWS, as tasks do on AWS."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from botocore.exceptions import ClientError

from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.opening import open_shop
from tests.e2e.shop import MINUTE, Shop

pytestmark = pytest.mark.e2e

ZONE = "market.internal"

RESOLVE = """
import json, socket, sys, time
began = time.monotonic()
try:
    found = sorted({each[4][0] for each in socket.getaddrinfo(sys.argv[1], 8000)})
except socket.gaierror as error:
    found = [error.errno]
print(json.dumps({"found": found, "seconds": time.monotonic() - began}))
"""

CALL = """
import collections, http.client, json, os, sys
answers = collections.Counter()

def call():
    for attempt in ("first", "second"):
        connection = http.client.HTTPConnection(sys.argv[1], 8000, timeout=5)
        try:
            connection.connect()
        except OSError:
            answers["connected anew"] += 1
            continue
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()
    return "no connection"

while not os.path.exists("/tmp/stop"):
    answers[call()] += 1
print(json.dumps(answers))
"""
"""Calls without a pause, each with a connection of its own that is tried for twice."""


@dataclass
class Market:
    """Two shops, `rolling` and `shifting`, and a task that calls them."""

    embedded: Embedded
    rolling: Shop
    shifting: Shop
    caller: Any

    def run(self, program: str, *words: str) -> Any:
        code, out = self.caller.exec_run(["python3", "-c", program, *words])
        assert code == 0, out
        return json.loads(out)

    def found(self, name: str) -> list[Any]:
        """The addresses that the caller finds, or the number of its resolver's error."""
        return list(self.run(RESOLVE, f"{name}.{ZONE}")["found"])

    def addresses(self, shop: Shop) -> list[str]:
        """Those of its tasks, by ECS."""
        arns = shop.ecs.list_tasks(cluster=shop.name, serviceName=shop.name)["taskArns"]
        tasks = shop.ecs.describe_tasks(cluster=shop.name, tasks=arns)["tasks"]
        details = [detail for task in tasks for detail in task["attachments"][0]["details"]]
        return sorted(d["value"] for d in details if d["name"] == "privateIPv4Address")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    embedded = Embedded.make(tmp_path_factory.mktemp("market"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDDED_AWS_CLOCK_SCALE", str(MINUTE))
        try:
            embedded.up()
            yield open_market(embedded)
        finally:
            embedded.reset()
            assert not embedded.containers


def open_market(embedded: Embedded) -> Market:
    cloud_map = embedded.client("servicediscovery")
    cloud_map.create_private_dns_namespace(Name=ZONE, Vpc="vpc-1")
    (space,) = cloud_map.list_namespaces()["Namespaces"]
    registries = {}
    for name in ("rolling", "shifting"):
        made = cloud_map.create_service(
            Name=name,
            # Where Terraform's provider names it; the API has another place besides.
            DnsConfig={
                "NamespaceId": space["Id"],
                "RoutingPolicy": "MULTIVALUE",
                "DnsRecords": [{"Type": "A", "TTL": 10}],
            },
            HealthCheckCustomConfig={"FailureThreshold": 1},
        )
        registries[name] = made["Service"]["Arn"]
    rolling = open_shop(embedded, name="rolling", controller="ECS", grace=120)
    shifting = open_shop(embedded, name="shifting", registry=registries["shifting"], grace=120)
    # A service from before there were names gets one by an update.
    rolling.ecs.update_service(
        cluster="rolling",
        service="rolling",
        serviceRegistries=[{"registryArn": registries["rolling"]}],
    )
    wait_for("the deployment with a name", rolling.settled)
    return Market(embedded, rolling, shifting, start_caller(rolling))


def start_caller(shop: Shop) -> Any:
    """A container of a task that belongs to no service."""
    shop.command = ["sleep", "3600"]
    definition = shop.register("caller")
    shop.command = ()
    started = shop.ecs.run_task(
        cluster=shop.name,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    arn = started["tasks"][0]["taskArn"]
    filters: dict[str, str | list[str] | bool] = {
        "label": f"com.amazonaws.ecs.task-arn={arn}",
        "status": "running",
    }
    (found,) = wait_for(
        "the caller", lambda: docker.from_env().containers.list(filters=filters), 30
    )
    return found


def test_tasks_find_each_other(market: Market) -> None:
    """By service, whoever rolls it out; a name that is not there is told at once."""
    assert len(market.found("rolling")) == 2
    assert market.found("rolling") == market.addresses(market.rolling)
    assert market.found("shifting") == market.addresses(market.shifting)
    missing = market.run(RESOLVE, f"nobody.{ZONE}")
    assert missing["found"] == [socket.EAI_NONAME]
    assert missing["seconds"] < 2


def test_other_names_resolve_as_on_this_machine(market: Market) -> None:
    """This machine's resolver is asked for them, and what it does not know, tasks do not know."""
    here: list[Any] = []
    with suppress(socket.gaierror):
        here = socket.getaddrinfo("example.com", 80)
    there = market.run(RESOLVE, "example.com")["found"]
    assert bool(here) == (not isinstance(there[0], int)), there


def test_names_lead_nowhere_from_this_machine(market: Market) -> None:
    """They are the tasks' own."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(f"rolling.{ZONE}", 80)


def test_calls_during_a_rolling_update_lose_nothing(market: Market) -> None:
    """Tasks are told once they run and no more before they end; a connection is tried for twice."""
    answers: dict[str, int] = {}
    calling = threading.Thread(
        target=lambda: answers.update(market.run(CALL, f"rolling.{ZONE}")), daemon=True
    )
    calling.start()
    time.sleep(1)
    market.rolling.roll_out("", "two")
    time.sleep(1)
    market.caller.exec_run(["touch", "/tmp/stop"])
    calling.join(timeout=60)
    print(answers)
    again = answers.pop("connected anew", 0)
    assert set(answers) == {"one", "two"}, (answers, again)
    assert min(answers.values()) > 10
    assert market.found("rolling") == market.addresses(market.rolling)


def test_green_tasks_are_told_before_the_shift(market: Market) -> None:
    """And blue ones until they end: who calls by name follows no weights."""
    shop = market.shifting
    blue = set(market.found("shifting"))
    begun = shop.begin(shop.register("two"), "half")
    wait_for("green and blue", lambda: len(market.found("shifting")) == 4)
    assert blue < set(market.found("shifting"))
    shop.ended(begun)
    wait_for("green alone", lambda: len(market.found("shifting")) == 2)
    assert blue.isdisjoint(market.found("shifting"))


def test_a_registry_with_tasks_in_it_stays(market: Market) -> None:
    """As on AWS: who deletes it takes them out first; and a name is had once."""
    cloud_map = market.embedded.client("servicediscovery")
    service = next(s for s in cloud_map.list_services()["Services"] if s["Name"] == "rolling")
    with pytest.raises(ClientError, match="ResourceInUse"):
        cloud_map.delete_service(Id=service["Id"])
    (space,) = cloud_map.list_namespaces()["Namespaces"]
    with pytest.raises(ClientError, match="ServiceAlreadyExists"):
        cloud_map.create_service(Name="rolling", NamespaceId=space["Id"])
