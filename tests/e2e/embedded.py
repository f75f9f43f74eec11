"""An embedded AWS of a test's own: its port, its state folder, its clients, its small image."""

from __future__ import annotations

import io
import os
import signal
import socket
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import boto3
import docker

from embedded_aws.contained import names
from slipway import local
from slipway.config import Local
from slipway.console import Console
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner

SOURCE = Path(__file__).parents[2] / "src" / "embedded_aws"
REGION = "us-west-1"
BASE = "python:3.13-slim-trixie"

SERVER = r"""
import os, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(2)
        sick = "SICK" in os.environ and self.path == "/health"
        body = os.environ.get("VERSION", "").encode()
        self.send_response(500 if sick else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

if "CRASH" in os.environ:
    sys.exit("boom: cannot start")
if "HOG" in os.environ:
    hog = bytearray(1 << 32)
# Ends at once, whatever is in flight: the load balancer has to have let go of it before.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
server.daemon_threads = True
server.serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for(what: str, seen: Callable[[], Any], seconds: float = 90) -> Any:
    """Ask until the answer is true; what was awaited is in the error."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := seen():
            return found
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} s: {what}")


@dataclass
class Embedded:
    """One instance, on a checkout that holds nothing but a link to the program."""

    root: Path
    port: int
    mode: Literal["process", "container"] = "process"

    @classmethod
    def make(cls, root: Path, mode: Literal["process", "container"] = "process") -> Embedded:
        (root / "src").mkdir(parents=True, exist_ok=True)
        (root / "src" / "embedded_aws").symlink_to(SOURCE)
        return cls(root, free_port(), mode)

    @cached_property
    def checkout(self) -> Checkout:
        return Checkout(self.root)

    @property
    def settings(self) -> Local:
        return Local(port=self.port, mode=self.mode)

    def up(self) -> str:
        return local.up(self.checkout, self.settings, SubprocessRunner(), Console())

    def down(self) -> None:
        local.down(self.checkout, self.settings, SubprocessRunner())

    def reset(self) -> None:
        local.reset(self.checkout, self.settings, SubprocessRunner())

    @property
    def status(self) -> local.LocalStatus:
        return local.status(self.checkout, self.settings)

    @property
    def container(self) -> Any:
        """The one that it runs in, where it does."""
        name = names.instance(local.folder(self.checkout))
        return docker.from_env().containers.get(name)

    @property
    def pid(self) -> int:
        """Its first process, also of one in a container."""
        return self.status.pid or int(self.container.attrs["State"]["Pid"])

    def kill(self) -> None:
        """`kill -9` of the process, or of the container with all that is in it."""
        status = self.status
        assert status.running
        if status.container:
            self.container.kill()
        else:
            os.kill(status.pid, signal.SIGKILL)
        wait_for("its end", lambda: not self.status.running)

    def client(self, name: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            name,
            endpoint_url=local.address(self.settings),
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def target_group(self, name: str, *, unhealthy: int = 2, delay: int = 10) -> str:
        """The ARN of a new one for port 8000; `delay` is that of deregistration, in seconds."""
        elb = self.client("elbv2")
        made = elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=8000,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=4,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=unhealthy,
        )
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        wait = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
        elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[wait])
        return arn

    @property
    def containers(self) -> list[Any]:
        """Containers of this instance, whatever their state."""
        with_port = f":{self.port}"
        found = docker.from_env().containers.list(
            all=True, ignore_removed=True, filters={"label": "ministack.instance"}
        )
        return [c for c in found if c.labels["ministack.instance"].endswith(with_port)]

    def push(self, repository: str, tag: str, context: io.BytesIO | None = None) -> str:
        """Push a small web server, or what `context` builds; its reference by digest."""
        client = docker.from_env()
        name = f"127.0.0.1:{self.port}/{repository}"
        client.images.build(
            fileobj=context or server_context(),
            custom_context=True,
            tag=f"{name}:{tag}",
            rm=True,
            forcerm=True,
        )
        try:
            said = client.images.push(name, tag=tag)
        finally:
            client.images.remove(f"{name}:{tag}", force=True)
        assert "digest: sha256:" in said, said
        images = self.client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageTag": tag}]
        )
        return f"{name}@{images['imageDetails'][0]['imageDigest']}"


def server_context() -> io.BytesIO:
    """A build context: a small server on the base image that `setup` provides."""
    dockerfile = f'FROM {BASE}\nCOPY serve.py /serve.py\nCMD ["python3", "/serve.py"]\n'
    return build_context(dockerfile, {"serve.py": SERVER.encode()})


def build_context(dockerfile: str, files: Mapping[str, bytes]) -> io.BytesIO:
    """A build context of a Dockerfile and executable files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        _add(tar, "Dockerfile", dockerfile.encode())
        for name, content in files.items():
            _add(tar, name, content)
    buffer.seek(0)
    return buffer


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o755
    tar.addfile(info, io.BytesIO(content))
