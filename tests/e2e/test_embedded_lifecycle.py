"""Start, stop, kill, restart and forget an embedded AWS of its own."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway import local
from slipway.errors import ToolError
from tests.e2e.embedded import Embedded, wait_for

pytestmark = pytest.mark.e2e


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


def test_it_listens_on_loopback_only(embedded: Embedded) -> None:
    """No other address of this machine reaches it."""
    embedded.up()
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1"}:
        if str(address).startswith("127."):
            continue
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((str(address), embedded.port)) != 0


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
