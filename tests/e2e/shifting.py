"""A checkout whose greeter is deployed by CodeDeploy, under traffic, on a scaled clock.

A minute of CodeDeploy takes two seconds.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone

MINUTE = "2"
NAME = "slipway-local-greeter"
SETTINGS = "services/greeter/service.toml"
HEALTH = "services/greeter/src/greeter/health.py"
MAIN = "services/greeter/src/greeter/__main__.py"
DEPLOY = """
[environments.local.deploy]
strategy = "blue_green"
standby = 60

[environments.local.deploy.shift]
percent = 50
minutes = 5
"""
IN_ECS = "__import__('os').environ.get('ECS_CONTAINER_METADATA_URI_V4')"


@dataclass
class Traffic:
    """What clients saw meanwhile: versions in the order of the answers, and failures."""

    url: str
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def flowing(self) -> Iterator[Traffic]:
        over = threading.Event()
        thread = threading.Thread(target=self._ask, args=(over,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _ask(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            try:
                self.versions.append(get(self.url)["version"])
            except Exception as error:
                self.failures.append(str(error))


@dataclass
class Shop:
    """The checkout, where greeter answers, and AWS as a test looks at it."""

    clone: Clone
    url: str = ""

    def client(self, name: str) -> Any:
        return boto3.client(
            name,  # type: ignore[call-overload]
            endpoint_url=f"http://127.0.0.1:{self.clone.port}",
            region_name="us-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def health(self) -> str:
        return f"{self.url}/health"

    @property
    def version(self) -> str:
        return str(get(self.health)["version"])

    def traffic(self) -> Traffic:
        return Traffic(self.health)

    def deploy(self, *words: str) -> Ran:
        return self.clone.invoke("deploy", "--env=local", *words)

    def choose(self, strategy: str) -> None:
        self.clone.edit(SETTINGS, 'strategy = "[a-z_]+"', f'strategy = "{strategy}"')

    def change(self) -> None:
        """Another version of the service, as good as the one before."""
        self.clone.edit(HEALTH, r"\Z", f"\n# {time.time()}\n")

    @contextmanager
    def broken(self, path: str, before: str, code: str) -> Iterator[None]:
        """`code` before a line of the app, in ECS only: the image alone is fine."""
        file = self.clone.root / path
        text = file.read_text()
        assert before in text
        indent = before[: len(before) - len(before.lstrip())]
        lines = f"{indent}if {IN_ECS}:\n{indent}    {code}\n"
        file.write_text(text.replace(before, lines + before, 1))
        try:
            yield
        finally:
            file.write_text(text)

    def running(self) -> list[str]:
        """Deployments of CodeDeploy that have not ended."""
        statuses = ["Created", "Queued", "InProgress", "Ready"]
        found = self.client("codedeploy").list_deployments(
            applicationName=NAME, deploymentGroupName=NAME, includeOnlyStatuses=statuses
        )
        return list(found["deployments"])

    def shares(self) -> list[int]:
        """How the production listener splits the requests of greeter."""
        elb = self.client("elbv2")
        groups = {
            group["TargetGroupArn"]
            for group in elb.describe_target_groups()["TargetGroups"]
            if group["TargetGroupName"].startswith(NAME[:20])
        }
        balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        arn = next(each["ListenerArn"] for each in listeners if each["Port"] == 80)
        for rule in elb.describe_rules(ListenerArn=arn)["Rules"]:
            for action in rule["Actions"]:
                found = action.get("ForwardConfig", {}).get("TargetGroups", [])
                if groups & {each["TargetGroupArn"] for each in found}:
                    return sorted(int(each.get("Weight", 1)) for each in found)
        return []


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """A checkout in `folder`, deployed by CodeDeploy on an embedded AWS of its own."""
    clone = make_clone(folder, free_port())
    clone.extra["EMBEDDED_AWS_CLOCK_SCALE"] = MINUTE
    # Patient with tasks, for machines that are busy: what is tested here are not health checks.
    calm = "health = { interval = 5, timeout = 4, unhealthy = 6, grace = 120 }"
    clone.edit("slipway.toml", r"health = \{ interval = 5.*?\}", calm)
    # Its image is built a dozen times; what its slowest tests say is said elsewhere.
    (clone.root / "services/greeter/tests/test_server.py").unlink()
    settings = clone.root / SETTINGS
    settings.write_text(settings.read_text() + DEPLOY)
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    try:
        first = clone.invoke("deploy", "--env=local", "--json")
        assert first.code == 0, first.said
        outcome = first.json()["greeter"]
        assert outcome["verdict"] == "deployed"
        yield Shop(clone, outcome["url"])
    finally:
        clone.invoke("local.reset", "--yes")


def until(process: subprocess.Popen[str], pattern: str) -> list[str]:
    """Read a command's progress until a line matches; the lines so far."""
    assert process.stderr
    lines = []
    for line in process.stderr:
        lines.append(line)
        if re.search(pattern, line):
            return lines
    pytest.fail(f"it ended without saying {pattern!r}:\n{''.join(lines)}")


HALF = r"COMPLETED 50 %"
"""Said of both task sets, once half of the requests have moved."""


def begun(shop: Shop) -> set[str]:
    """All deployments of CodeDeploy that there ever were."""
    found = shop.client("codedeploy").list_deployments(
        applicationName=NAME, deploymentGroupName=NAME
    )
    return set(found["deployments"])
