"""Start, stop, kill, restart and forget an embedded AWS of its own."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from embedded_aws.settings import instance_name
from slipway import local
from slipway.errors import ToolError
from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e

LISTEN = "0A"
"""The kernel's word for the state of a socket that waits for connections."""


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    """An instance that is gone when the test is."""
    found = Embedded.make(tmp_path)
    yield found
    found.reset()


def test_two_ups_at_once_start_one(embedded: Embedded) -> None:
    """Both get the same endpoint, of the same process."""
    endpoints: list[str] = []
    threads = [threading.Thread(target=lambda: endpoints.append(embedded.up())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert endpoints == [f"http://127.0.0.1:{embedded.port}"] * 2
    assert embedded.status.running


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not tell")
def test_it_listens_on_loopback_and_for_its_tasks_only(embedded: Embedded) -> None:
    """It and its HAProxy: on 127.0.0.0/8, and on the gateway of the instance's own network."""
    embedded.up()
    elb = embedded.client("elbv2")
    balancer = elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Port=80,
        Protocol="HTTP",
        DefaultActions=[action],
    )
    # The API, the door for tasks, the load balancer, and the names of services for tasks.
    wait_for("four", lambda: len(listening(embedded)) == 4)
    name = instance_name(local.folder(embedded.checkout))
    (config,) = docker.from_env().networks.get(name).attrs["IPAM"]["Config"]
    elsewhere = {one for one in listening(embedded) if not one.startswith("127.")}
    assert elsewhere == {f"{config['Gateway']}:{port}" for port in (embedded.port, 53)}


def listening(embedded: Embedded) -> set[str]:
    """Where processes of the instance listen, over IPv4 and IPv6."""
    folder, sockets = str(local.folder(embedded.checkout)), set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (process / "cmdline").read_bytes():
                sockets |= {str(one.readlink()) for one in (process / "fd").iterdir()}
        except OSError:
            continue
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in (Path("/proc/net") / name).read_text().splitlines()[1:]
    ]
    return {shown(row[1]) for row in rows if row[3] == LISTEN and f"socket:[{row[9]}]" in sockets}


def shown(address: str) -> str:
    """`ip:port` of the kernel's hexadecimal form; IPv6 stays as it is."""
    ip, _, port = address.partition(":")
    if len(ip) == 8:
        ip = socket.inet_ntoa(int(ip, 16).to_bytes(4, sys.byteorder))
    return f"{ip}:{int(port, 16)}"


def test_state_outlives_down_and_kill(embedded: Embedded) -> None:
    """Objects, parameters and lock tables are back, also after kill -9."""
    embedded.up()
    s3, ssm = embedded.client("s3"), embedded.client("ssm")
    s3.create_bucket(
        Bucket="state-of-things", CreateBucketConfiguration={"LocationConstraint": "us-west-1"}
    )
    s3.put_object(Bucket="state-of-things", Key="terraform.tfstate", Body=b"precious")
    ssm.put_parameter(Name="/shop/platform", Value="{}", Type="String")
    embedded.down()
    assert not embedded.status.running
    embedded.up()
    assert ssm.get_parameter(Name="/shop/platform")["Parameter"]["Value"] == "{}"
    ssm.put_parameter(Name="/shop/other", Value="1", Type="String")
    saved = local.folder(embedded.checkout) / "state" / "ssm.json"
    wait_for("the parameter on disk", lambda: "/shop/other" in saved.read_text())
    os.kill(embedded.status.pid, signal.SIGKILL)
    wait_for("its end", lambda: not embedded.status.running)
    embedded.up()
    assert ssm.get_parameter(Name="/shop/other")["Parameter"]["Value"] == "1"
    found = s3.get_object(Bucket="state-of-things", Key="terraform.tfstate")
    assert found["Body"].read() == b"precious"


def test_reset_forgets(embedded: Embedded) -> None:
    """Nothing is left but the log."""
    embedded.up()
    embedded.client("ssm").put_parameter(Name="/shop/platform", Value="{}", Type="String")
    embedded.reset()
    assert not embedded.status.running
    assert not (local.folder(embedded.checkout) / "state").exists()
    embedded.up()
    assert embedded.client("ssm").describe_parameters()["Parameters"] == []


def test_without_an_engine_it_says_so(
    embedded: Embedded, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One message, and nothing keeps running."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ToolError, match="the Docker engine does not answer"):
        embedded.up()
    assert not embedded.status.running
    monkeypatch.undo()


def test_a_taken_port(embedded: Embedded) -> None:
    """Who holds it, and how to take another."""
    with socket.create_server(("127.0.0.1", embedded.port)), pytest.raises(ToolError) as caught:
        # It takes the connection and never answers.
        embedded.up()
    assert f"port {embedded.port} is taken by pid {os.getpid()}" in caught.value.message
    assert "SLIPWAY_LOCAL_PORT" in caught.value.next_step
