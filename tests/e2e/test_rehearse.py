"""A rehearsal of staging from beginning to end: its own platform, sizes, scaling and bake time.

Real engine, real Terraform, an embedded AWS that is gone afterwards.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_aws.settings import instance_name
from tests import browser
from tests.e2e.checkout import Clone, free_port, make_clone, stop

pytestmark = pytest.mark.e2e

HEALTH = "services/greeter/src/greeter/health.py"
MEASURE = """({
  rows: document.querySelectorAll('#verdicts tbody tr').length,
  charts: document.querySelectorAll('svg.panel').length,
  series: [...document.querySelectorAll('path.series')].map(path => path.getBBox().width),
  marks: document.querySelectorAll('.mark').length,
})"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A checkout that is set up, and in which nothing runs."""
    made = make_clone(tmp_path_factory.mktemp("rehearse"), free_port())
    # Sooner and more patient than its own, for a machine that is busy: checks are not tested here.
    calm = "health = { interval = 10, timeout = 9, unhealthy = 5, grace = 120 }"
    calm += "\nalarms = { latency = 20 }"
    made.edit("slipway.toml", r"deploy = \{ bake = 5 \}", f"deploy = {{ bake = 5 }}\n{calm}")
    commit = ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qam", "calm")
    subprocess.run(["git", *commit], cwd=made.root, check=True)
    ready = made.invoke("setup")
    assert ready.code == 0, ready.said
    yield made
    made.invoke("local.reset", "--yes")


def parts_of(instance: str) -> list[str]:
    """What the engine has of an embedded AWS: containers, volumes, networks."""
    found = []
    for kind in ("container", "volume", "network"):
        words = ["docker", kind, "ls", *(["--all"] if kind == "container" else []), "--quiet"]
        ids = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        asked = ["docker", kind, "inspect", *ids]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        found += [kind for each in json.loads(said or "[]") if instance in json.dumps(each)]
    return found


def test_a_mistake_is_told_before_anything_starts(clone: Clone) -> None:
    """An unknown drill or environment, with the nearest name; nothing is left of it."""
    for words, told in (
        (("--env=staging", "--drill=crash_on_strat"), "did you mean crash_on_start?"),
        (("--env=stagin",), "did you mean staging?"),
    ):
        ran = clone.invoke("rehearse", *words)
        assert ran.code == 2, ran.said
        assert told in ran.err
    assert not (clone.root / ".slipway/rehearsals").exists()


def test_staging_is_rehearsed(clone: Clone, tmp_path: Path) -> None:
    """The change comes out under traffic; a crash and a killed deploy end as they have to."""
    (clone.root / HEALTH).write_text((clone.root / HEALTH).read_text() + "\n# another version\n")
    file = tmp_path / "report.html"
    ran = clone.invoke(
        *("rehearse", "--env=staging", "--drill=crash_on_start,tool_killed", "--json"),
        f"--report={file}",
        timeout=1500,
    )
    assert ran.code == 0, ran.said
    told = ran.json()
    greeter = told["services"]["greeter"]
    assert (told["good"], greeter["verdict"], greeter["failed"]) == (True, "deployed", 0)
    assert set(greeter["versions"]) == {greeter["before"], greeter["after"]}
    assert {each["drill"]: each["seen"] for each in told["drills"]} == {
        "crash_on_start": "rolled_back",
        "tool_killed": "deployed",
    }
    crash, killed = told["drills"]
    assert "exits with code 1" in crash["cause"]
    assert (crash["failed"], killed["failed"], killed["note"]) == (0, 0, "")
    assert "no AWS credentials" in told["live"]["source"]
    looked_at(file, tmp_path)


def looked_at(file: Path, folder: Path) -> None:
    """The report in a browser, where there is one."""
    found = browser.find()
    if not found:
        return
    seen = browser.look(found, file, MEASURE, folder)
    assert seen.console == ()
    assert (seen.measured["rows"], seen.measured["charts"]) == (3, 3)
    assert seen.measured["marks"] > 6
    assert all(width > 0 for width in seen.measured["series"][:2])


def test_nothing_is_left(clone: Clone) -> None:
    """No stage, no process, no container, no volume; the checkout's own embedded AWS never ran.

    Not after Ctrl-C in the middle either.
    """
    process = clone.start("rehearse", "--env=staging")
    assert process.stderr
    for line in process.stderr:
        if "images and platform" in line:
            break
    [stage] = (clone.root / ".slipway/rehearsals").iterdir()
    instance = instance_name(stage / ".slipway/embedded")
    assert "container" in parts_of(instance) or "network" in parts_of(instance)
    ran = stop(process)
    assert ran.code == 130, ran.said
    assert "Traceback" not in ran.said
    assert list((clone.root / ".slipway/rehearsals").iterdir()) == []
    assert parts_of(instance) == []
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert f"{clone.root}/.slipway/rehearsals" not in listed.stdout
    assert not (clone.root / ".slipway/embedded").exists()
