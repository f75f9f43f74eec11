"""`setup` and `doctor` on this very machine."""

from __future__ import annotations

import json
import time

import pytest

from slipway.command import command
from slipway.paths import find_checkout
from slipway.runner import Result, SubprocessRunner

pytestmark = pytest.mark.e2e

CHECKOUT = find_checkout()


def invoke(*words: str, env: dict[str, str | None] | None = None) -> Result:
    """A task, as a user calls it."""
    asked = command("uv", "run", "--no-sync", "invoke", *words, cwd=CHECKOUT.root, env=env)
    return SubprocessRunner().run(asked, check=False)


def test_the_second_setup_finds_everything() -> None:
    """`setup` is safe to run again: it takes seconds, and `doctor` is content."""
    first = invoke("setup")
    assert first.code == 0, first.output
    began = time.monotonic()
    second = invoke("setup")
    assert time.monotonic() - began < 30
    assert "▸" not in second.output
    deployed_before = (CHECKOUT.work / "logs").exists()
    assert ("next: uv run invoke deploy --env=local" in second.output) is not deployed_before
    assert invoke("doctor").code == 0
    assert " would " not in invoke("setup", "--dry-run").output


def test_a_missing_engine_is_one_message() -> None:
    """With DOCKER_HOST pointing nowhere nothing is started, and the way out is named."""
    result = invoke("setup", env={"DOCKER_HOST": "tcp://127.0.0.1:9"})
    assert result.code == 4
    assert "unset DOCKER_HOST" in result.output
    assert "Traceback" not in result.output


def test_doctor_as_json() -> None:
    """Findings for programs on stdout alone, the exit code for scripts."""
    result = invoke("doctor", "--json", env={"TF_CLI_CONFIG_FILE": "/nowhere/terraformrc"})
    findings = {one["name"]: one for one in json.loads(result.stdout)}
    assert findings["Docker engine"]["ok"]
    assert findings["TF_CLI_CONFIG_FILE"] == {
        "name": "TF_CLI_CONFIG_FILE",
        "ok": False,
        "required": False,
        "found": "/nowhere/terraformrc does not exist; not passed on",
        "remedy": "unset TF_CLI_CONFIG_FILE, or name a file that exists",
    }
    assert result.code == 0
