"""The commands by which docs/workflows.md sets up GitHub, typed into a shell with our own `gh`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.workflows import FOLDER, ROOT

pytestmark = pytest.mark.tools

PAGE = (ROOT / "docs/workflows.md").read_text()
COMMANDS = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))

GH = """#!/usr/bin/env -S python3 -IS
import json, os, sys
stdin = sys.stdin.read() if "--input" in sys.argv else None
with open(os.environ["CALLS"], "a") as log:
    log.write(json.dumps([sys.argv[1:], stdin]) + "\\n")
if "--jq" in sys.argv:
    print('[{"type": "Team", "id": 7}]')
"""


@dataclass(frozen=True)
class Call:
    """What `gh` was called with, and the JSON that it was fed."""

    words: Sequence[str]
    body: Any

    def after(self, flag: str) -> str:
        return self.words[self.words.index(flag) + 1] if flag in self.words else ""


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    folder = tmp_path_factory.mktemp("gh")
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMMANDS],
        env={"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "CALLS": str(folder / "calls")},
        check=True,
    )
    lines = map(json.loads, (folder / "calls").read_text().splitlines())
    return [Call(words, json.loads(stdin) if stdin else None) for words, stdin in lines]


def test_every_variable_that_the_workflows_read_is_set(calls: list[Call]) -> None:
    """And no other: a name that only the page has would be set in vain."""
    read = {
        name
        for file in FOLDER.glob("*.yml")
        for name in re.findall(r"vars\.(\w+)", file.read_text())
    }
    assert {call.after("set") for call in calls if call.words[0] == "variable"} == read


def test_every_variable_is_set_where_its_job_looks(calls: list[Call]) -> None:
    """In an environment of GitHub that was made before, or for all of the repository."""
    made = {
        path.split("/environments/")[1]
        for call in calls
        if "PUT" in call.words and "/environments/" in (path := call.words[3])
    }
    assert {call.after("--env") for call in calls if call.words[0] == "variable"} - {""} == made
    assert {"staging", "prod", "prod-plan"} <= made


def test_production_waits_for_reviewers_and_staging_does_not(calls: list[Call]) -> None:
    """The two have rules for branches; only production asks somebody."""
    bodies = {
        call.words[3].rpartition("/")[2]: call.body["reviewers"]
        for call in calls
        if call.body and "reviewers" in call.body
    }
    assert bodies == {"staging": [], "prod": [{"type": "Team", "id": 7}]}


def test_the_gate_is_the_one_check_that_is_required(calls: list[Call]) -> None:
    """By the name of the job that waits for all others."""
    (rules,) = [call.body["rules"] for call in calls if call.body and "rules" in call.body]
    (checks,) = [rule["parameters"] for rule in rules if rule["type"] == "required_status_checks"]
    assert checks["required_status_checks"] == [{"context": "gate"}]


def test_roles_are_those_that_the_platform_makes(calls: list[Call]) -> None:
    """A role for each kind of job, by the name that Terraform gives it."""
    identity = (ROOT / "infra/modules/identity/main.tf").read_text()
    (jobs,) = re.findall(r"^  jobs = \{\n(.*?)^  \}$", identity, re.MULTILINE | re.DOTALL)
    assert '"${var.name}-github-${each.key}"' in identity
    roles = [call.after("--body") for call in calls if call.after("set").startswith("AWS_ROLE")]
    named = [
        re.fullmatch(r"arn:aws:iam::\d{12}:role/slipway-(\w+)-github-(\w+)", each) for each in roles
    ]
    assert {each[2] for each in named if each} == set(re.findall(r"^    (\w+) = \{$", jobs, re.M))
    assert all(named)
