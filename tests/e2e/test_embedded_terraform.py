"""The real provider against CodeDeploy and Application Auto Scaling of the embedded AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway import local
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.tools import provider_mirror, terraform
from tests.e2e.embedded import Embedded

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
HCL = Path(__file__).parent / "delivery"


@dataclass
class Stack:
    """A folder with HCL and its state."""

    embedded: Embedded
    folder: Path
    binary: Path
    load_balancer: str

    def run(self, *words: str) -> tuple[int, str]:
        broken = {"TF_CLI_CONFIG_FILE", "SSL_CERT_FILE"}
        kept = {name: value for name, value in os.environ.items() if name not in broken}
        endpoint = local.address(self.embedded.settings)
        done = subprocess.run(
            [str(self.binary), *words, "-no-color"],
            cwd=self.folder,
            env={
                **kept,
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_EC2_METADATA_DISABLED": "true",
                "TF_VAR_load_balancer": self.load_balancer,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The provider installed from its mirror, nothing applied."""
    mirror = provider_mirror()
    if mirror is None:
        pytest.skip("no mirror with the provider here")
    embedded = Embedded.make(tmp_path_factory.mktemp("delivery"))
    folder = tmp_path_factory.mktemp("hcl")
    shutil.copy(HCL / "main.tf", folder)
    try:
        embedded.up()
        balancer = embedded.client("elbv2").create_load_balancer(Name="cd", Subnets=["subnet-1"])
        stack = Stack(
            embedded,
            folder,
            terraform(Checkout(ROOT), SubprocessRunner()),
            balancer["LoadBalancers"][0]["LoadBalancerArn"],
        )
        code, said = stack.run("init", "-input=false", f"-plugin-dir={mirror}")
        assert code == 0, said
        yield stack
    finally:
        embedded.reset()


def test_everything_is_applied_without_a_difference_and_destroyed(stack: Stack) -> None:
    """Application, configurations, group, target, policies and a scheduled action; all saved."""
    code, said = stack.run("apply", "-auto-approve")
    assert code == 0, said
    code, said = stack.run("plan", "-detailed-exitcode")
    assert code == 0, said
    stack.embedded.down()
    stack.embedded.up()
    code, said = stack.run("plan", "-detailed-exitcode")
    assert code == 0, said
    code, said = stack.run("destroy", "-auto-approve")
    assert code == 0, said
    assert stack.embedded.client("codedeploy").list_applications()["applications"] == []
    assert stack.embedded.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
