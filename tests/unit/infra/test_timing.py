"""The seconds that have to fit together, though they are written in different places.

Load balancer, target group, task definition and the service's own code each know a part; a wrong
sum shows as requests that are lost on a few rollouts in a thousand.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.hcl import INFRA

ROOT = Path(__file__).parents[3]
DEFAULTS = tomllib.loads((ROOT / "src/slipway/defaults.toml").read_text())["service"]
SETTINGS = sorted(
    [
        *ROOT.glob("services/*/src/*/settings.py"),
        *ROOT.glob("templates/service/*/src/*/settings.py"),
    ]
)
CLOSE, SPARE = 5, 5
"""Seconds to close what is open, and to spare, before a task is killed."""


def number(file: Path, pattern: str) -> int:
    """The one number that the pattern finds in a file."""
    found = re.findall(pattern, file.read_text())
    assert len(found) == 1, f"{file}: {pattern}: {found}"
    return int(found[0])


def in_code(file: Path, name: str) -> int:
    """A default of a service's settings."""
    return number(file, rf"{name}: \w+ = Field\(default=(\d+)")


def in_hcl(file: str, pattern: str) -> int:
    return number(INFRA / file, pattern)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda file: file.parts[-4])
def test_the_load_balancer_hangs_up_first(settings: Path) -> None:
    """Else it sends a request on a connection that the service is just closing: a 502."""
    idle = in_hcl("modules/load_balancer/main.tf", r"idle_timeout = (\d+)")
    assert in_code(settings, "keep_alive_seconds") > idle


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda file: file.parts[-4])
def test_a_leaving_task_may_finish_its_longest_request(settings: Path) -> None:
    """The target group waits at least as long as the service takes."""
    drain = in_hcl("service/locals.tf", r"drain += (\d+)")
    assert drain >= in_code(settings, "graceful_seconds")
    least = in_hcl("modules/route/variables.tf", r"deregistration_delay >= (\d+)")
    assert least >= in_code(settings, "graceful_seconds")


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda file: file.parts[-4])
def test_a_task_is_killed_after_it_has_ended(settings: Path) -> None:
    """To serve on, to finish, to close, to spare: within the shortest stop timeout there can be."""
    takes = in_code(settings, "drain_seconds") + in_code(settings, "graceful_seconds")
    shortest = in_hcl("service/variables.tf", r"var.service.stop_timeout >= (\d+)")
    assert takes + CLOSE + SPARE <= shortest <= DEFAULTS["stop_timeout"] <= 120
    sums = re.findall(
        r"var.stop_timeout >= ([\d+ a-z.]+)",
        (INFRA / "modules/task_definition/main.tf").read_text(),
    )
    drain = in_hcl("service/locals.tf", r"drain += (\d+)")
    served = in_code(settings, "drain_seconds")
    assert sums == [f"{served} + var.drain + {CLOSE} + {SPARE}"]
    assert served + drain + CLOSE + SPARE <= shortest


def test_both_refuse_the_same_stop_timeouts() -> None:
    """The configuration and the HCL."""
    manifest = ROOT / "src/slipway/config/manifest.py"
    (bounds,) = re.findall(
        r"stop_timeout: Annotated\[int, between\((\d+), (\d+)", manifest.read_text()
    )
    hcl = (INFRA / "service/variables.tf").read_text()
    assert f"stop_timeout >= {bounds[0]} && var.service.stop_timeout <= {bounds[1]}" in hcl
