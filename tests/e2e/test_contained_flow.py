"""What a user of Docker Desktop does in the first hour: the embedded AWS runs in a container."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest

from embedded_aws.contained import names
from slipway.paths import Checkout
from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone
from tests.e2e.test_flow import Traffic

pytestmark = pytest.mark.e2e


@dataclass
class Deployed:
    """The checkout, what its first deploy said, and where the service answers."""

    clone: Clone
    first: Ran
    url: str

    @property
    def name(self) -> str:
        return names.instance(Checkout(self.clone.root).work / "embedded")

    def deploy(self) -> Ran:
        return self.clone.invoke("deploy", "--env=local", "--json")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    clone = make_clone(tmp_path_factory.mktemp("contained"), free_port())
    clone.extra["SLIPWAY_LOCAL_MODE"] = "container"
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    try:
        first = clone.invoke("deploy", "--env=local", "--json")
        assert first.code == 0, first.said
        yield Deployed(clone, first, first.json()["greeter"]["url"])
    finally:
        clone.invoke("local.reset", "--yes")


def test_the_first_deploy_answers_on_a_published_port(deployed: Deployed) -> None:
    """`curl` on the URL that it ends with; the embedded AWS is a container."""
    assert deployed.first.json()["greeter"]["verdict"] == "deployed"
    ports = names.published(deployed.clone.port)
    assert deployed.url.startswith(f"http://127.0.0.1:{ports[0]}/")
    argv = ["curl", "-sf", f"{deployed.url}/health"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["status"] == "ok"
    status = deployed.clone.invoke("local.status")
    assert f"(container {deployed.name}," in status.out
    assert f"load balancer slipway-local: http://127.0.0.1:{ports[0]}" in status.out


def test_a_code_change_rolls_out_under_traffic(deployed: Deployed) -> None:
    """The old version serves until the new one is healthy; no request fails."""
    old = get(f"{deployed.url}/health")["version"]
    api = "services/greeter/src/greeter/api.py"
    deployed.clone.edit(api, r"\Z", f"\n# {time.time()}\n")
    traffic = Traffic(f"{deployed.url}/health")
    with traffic.flowing():
        ran = deployed.deploy()
    assert ran.code == 0, ran.said
    new = get(f"{deployed.url}/health")["version"]
    assert new != old
    assert traffic.failures == []
    assert set(traffic.versions) == {old, new}


def test_down_and_up_keep_everything(deployed: Deployed) -> None:
    """The same address, and a deploy that finds nothing to do."""
    version = get(f"{deployed.url}/health")["version"]
    assert deployed.clone.invoke("local.down").code == 0
    assert deployed.clone.invoke("local.status").code == 1
    assert deployed.clone.invoke("local.up").code == 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert get(f"{deployed.url}/health")["version"] == version
            break
        except OSError:
            time.sleep(1)
    again = deployed.deploy()
    assert (again.code, again.json()["greeter"]["verdict"]) == (0, "unchanged"), again.said
    assert "answering" in deployed.clone.invoke("local.logs").out


def test_reset_leaves_nothing_in_the_engine(deployed: Deployed) -> None:
    """Neither container nor network nor volume."""
    assert deployed.clone.invoke("local.reset", "--yes").code == 0
    client = docker.from_env()
    assert client.containers.list(all=True, filters={"name": deployed.name}) == []
    label: dict[str, Any] = {"label": f"slipway.embedded={deployed.name}"}
    assert client.containers.list(all=True, filters=label) == []
    assert client.networks.list(filters=label) == []
    assert client.volumes.list(filters=label) == []
