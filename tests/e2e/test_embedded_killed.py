"""`kill -9` of the embedded AWS: what ends with it, what a start or a `down` cleans up."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from embedded_aws.settings import instance_name
from slipway import local
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.test_embedded_rollout import CLUSTER, SERVICE, Shop, open_shop

pytestmark = pytest.mark.e2e

SAVED = 3.0
"""Seconds after which everything is saved; `kill -9` may lose the last two."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two tasks of version `one`, healthy behind a load balancer."""
    embedded = Embedded.make(tmp_path_factory.mktemp("killed"))
    try:
        embedded.up()
        yield open_shop(embedded)
    finally:
        embedded.reset()
        assert nothing_left(embedded)


def processes(embedded: Embedded) -> list[str]:
    """Command lines of everything that runs on the folder of an instance."""
    folder = str(local.folder(embedded.checkout))
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder in line:
            found.append(line)
    return found


def kill(embedded: Embedded) -> None:
    """`kill -9`, and everything that it started is gone soon: no HAProxy holds a port."""
    time.sleep(SAVED)
    embedded.kill()
    wait_for("the end of all its processes", lambda: not processes(embedded), 10)


def taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def running(embedded: Embedded) -> int:
    """How many containers of tasks there are: one for each task of this service."""
    return sum(one.labels["ministack"] == "ecs" for one in embedded.containers)


def nothing_left(embedded: Embedded) -> bool:
    """Neither process nor container nor network nor volume."""
    client, name = docker.from_env(), instance_name(local.folder(embedded.checkout))
    return not (
        processes(embedded)
        or embedded.containers
        or client.networks.list(names=[name])
        or client.volumes.list(filters={"name": name})
    )


def tasks(shop: Shop) -> set[str]:
    return set(shop.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"])


def test_its_ports_are_free_at_once(shop: Shop) -> None:
    """Those of the API and of load balancers; the next start takes them again."""
    before = shop.get()
    host, _, port = shop.host.partition(":")
    kill(shop.embedded)
    assert not taken("127.0.0.1", shop.embedded.port)
    assert not taken(host, int(port or 80))
    shop.embedded.up()
    wait_for("answers", lambda: shop.get() == before)
    assert shop.embedded.status.problems == []


def test_what_it_left_is_replaced(shop: Shop) -> None:
    """No container of the killed one runs on beside those of the next."""
    shop.settled()
    before = {container.id for container in shop.embedded.containers}
    kill(shop.embedded)
    assert {container.id for container in shop.embedded.containers} == before
    shop.embedded.up()
    shop.settled()
    wait_for("two tasks", lambda: running(shop.embedded) == 2)
    assert not before & {container.id for container in shop.embedded.containers}
    assert len(tasks(shop)) == 2


def test_a_rollout_goes_on(shop: Shop) -> None:
    """Killed after the first new task was started, it ends with the new version alone."""
    shop.settled()
    wait_for("two tasks", lambda: running(shop.embedded) == 2)
    revision = shop.register(VERSION="after")
    shop.update(revision)

    def begun() -> Any:
        newest = shop.service["deployments"][0]
        return newest["pendingCount"] + newest["runningCount"]

    wait_for("a new task", begun)
    kill(shop.embedded)
    shop.embedded.up()
    wait_for("the new version", lambda: shop.get() == "after")
    service = shop.settled()
    assert service["taskDefinition"] == revision
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    wait_for("two tasks", lambda: running(shop.embedded) == 2)
    assert len(tasks(shop)) == 2


def test_down_cleans_up_after_a_killed_one(shop: Shop) -> None:
    """Without a start in between; and `up` has everything again."""
    shop.settled()
    before = shop.get()
    kill(shop.embedded)
    assert shop.embedded.containers
    shop.embedded.down()
    assert shop.embedded.containers == []
    shop.embedded.up()
    wait_for("answers", lambda: shop.get() == before)


def test_reset_after_a_kill_leaves_nothing(shop: Shop) -> None:
    """The last of these: it takes the instance away."""
    kill(shop.embedded)
    shop.embedded.reset()
    assert nothing_left(shop.embedded)
