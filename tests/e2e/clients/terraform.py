"""Terraform with the real provider, as a client."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from slipway import local
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from slipway.tools import terraform
from tests.e2e.clients.protocol import CLUSTER, Refused, World

HERE = Path(__file__).parent
PLANNED = re.compile(r"# (\S+) (?:will|must) be")


class Terraform:
    """A folder with HCL and its state; `folder` is where, `mirror` has the provider."""

    def __init__(self, world: World, port: int, folder: Path, mirror: Path) -> None:
        self.name, self.world, self.port = "terraform", world, port
        self._folder = folder
        self._binary = terraform(Checkout(HERE.parents[2]), SubprocessRunner())
        self._variables = {
            "name": self.name,
            "cluster": CLUSTER,
            "load_balancer": world.balancer,
            "port": str(port),
            "image": world.image,
            "secret": world.secret(self.name),
            "env": "{}",
        }
        shutil.copy(HERE / "main.tf", folder)
        self.run("init", "-input=false", f"-plugin-dir={mirror}")

    def run(
        self, *words: str, accepted: tuple[int, ...] = (0,), **variables: str
    ) -> tuple[int, str]:
        """Run it; `Refused` with the first error of AWS where it fails."""
        given = {**self._variables, **variables}
        done = subprocess.run(
            [str(self._binary), *words, "-no-color"],
            cwd=self._folder,
            env={**self._environment, **{f"TF_VAR_{name}": v for name, v in given.items()}},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout + done.stderr
        if done.returncode not in accepted:
            found = re.search(r"(\w+(?:Exception|Listener|InUse)): (.*)", said)
            raise Refused(found[1] if found else "", found[2] if found else said)
        return done.returncode, said

    @property
    def _environment(self) -> dict[str, str]:
        broken = {"TF_CLI_CONFIG_FILE", "SSL_CERT_FILE"}
        own = {name: value for name, value in os.environ.items() if name not in broken}
        endpoint = local.address(self.world.embedded.settings)
        return {**own, "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true"}

    def create(self) -> None:
        self.run("apply", "-auto-approve", "-input=false")

    def update(self, **env: str) -> None:
        self._variables["env"] = json.dumps(env)
        self.create()

    def differences(self) -> list[str]:
        code, said = self.run("plan", "-detailed-exitcode", "-input=false", accepted=(0, 2))
        return PLANNED.findall(said) if code else []

    def notices(self, before: str) -> bool:
        return self.differences() == ["aws_ecs_service.this"]

    def destroy(self) -> None:
        self.run("destroy", "-auto-approve", "-input=false")
