"""Every rule of a variable in infra/ has a test that fails without the rule.

Each rule in turn is made to let everything through, and the tests of that stack or module have to
notice. Variables need no provider, so that they are tried apart from the rest in a moment.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway import tools
from slipway.infra.terraform import COLLECT_LESS
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from tests.hcl import INFRA, MODULES, STACKS

pytestmark = pytest.mark.e2e

RUN = re.compile(r'^run "\w+" \{\n(?:  .*\n|\n)*\}\n', re.M)
SHARED = re.compile(r"^variables \{\n(?:  .*\n|\n)*\}\n", re.M)
RULE = re.compile(r"condition\s*=\s*((?:.|\n)*?)\n\s*error_message = (.*)")


def cases() -> Iterator[Path]:
    """Stacks and modules whose variables have rules."""
    for folder in (*STACKS, *MODULES):
        if RULE.search(declarations(folder)):
            yield folder


def declarations(folder: Path) -> str:
    """All variables of a folder."""
    return "\n".join(file.read_text() for file in sorted(folder.glob("variables*.tf")))


def refusals(folder: Path) -> dict[str, str]:
    """The runs that expect a variable to be refused, as test files of their own.

    A module's runs lie in the folders of the stacks; what they call is then the folder itself.
    """
    call = f'source = "../modules/{folder.name}"'
    mine = folder in STACKS
    found = {}
    for file in INFRA.glob("*/*.tftest.hcl"):
        runs = [
            re.sub(r"^  (module|providers)\s*=? *\{\n(?:    .*\n|\n)*  \}\n", "", run, flags=re.M)
            for run in RUN.findall(file.read_text())
            if re.search(r"expect_failures = \[\s*var\.", run)
            and (file.parent == folder and "  module {" not in run if mine else call in run)
        ]
        if runs:
            shared = SHARED.search(file.read_text())
            found[f"{file.parent.name}_{file.name}"] = "\n".join(
                [shared[0] if shared else "", *runs]
            )
    return found


@dataclass(frozen=True)
class Bench:
    """A folder with nothing but variables and tests."""

    folder: Path

    def caught(self, text: str, workspace: str = "") -> tuple[bool, str]:
        """Whether the tests fail with these variables, and what Terraform said."""
        (self.folder / "variables.tf").write_text(text)
        binary = tools.terraform(Checkout(INFRA.parent), SubprocessRunner())
        env = {**os.environ, **COLLECT_LESS, "TF_IN_AUTOMATION": "1"}
        env |= {"TF_WORKSPACE": workspace} if workspace else {}
        env.pop("TF_CLI_CONFIG_FILE", None)
        done = subprocess.run(
            [binary, "test", "-no-color"], cwd=self.folder, env=env, capture_output=True, text=True
        )
        return done.returncode != 0, done.stdout + done.stderr


def without(rule: re.Match[str]) -> str:
    """The variables with one rule that lets everything through."""
    text = rule.string
    return f"{text[: rule.start(1)]}({rule[1]}) || true{text[rule.end(1) :]}"


@pytest.mark.parametrize("folder", list(cases()), ids=lambda folder: folder.name)
def test_a_rule_that_goes_is_missed(folder: Path, tmp_path: Path) -> None:
    """The tests pass with all rules, and fail without any one of them."""
    for name, text in refusals(folder).items():
        (tmp_path / name).write_text(text)
    bench = Bench(tmp_path)
    text = declarations(folder)
    failed, said = bench.caught(text)
    assert not failed, said
    unnoticed = []
    for rule in RULE.finditer(text):
        failed, said = bench.caught(without(rule))
        if not failed or "Missing expected failure" not in said:
            unnoticed.append(rule[2])
    # Whatever its name is, the tests' workspace is another: see the test below.
    assert [each for each in unnoticed if not each.startswith('"environment: 2 to 12')] == []


@pytest.mark.parametrize("name", ["thirteen-char", "Prod", "x", "a--b", "1st", "end-"])
@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_a_name_that_is_none_is_refused_in_its_own_workspace(
    stack: Path, name: str, tmp_path: Path
) -> None:
    """Longer than AWS's limits allow for, or not a name at all."""
    (tmp_path / "names.tftest.hcl").write_text(
        'run "named" {\n  command = plan\n  variables {\n'
        f'    environment = "{name}"\n  }}\n  expect_failures = [var.environment]\n}}\n'
    )
    (variable,) = re.findall(
        r'^variable "environment" \{\n(?:  .*\n|\n)*\}\n', declarations(stack), re.M
    )
    bench = Bench(tmp_path)
    failed, said = bench.caught(variable, workspace=name)
    assert not failed, said
    (rule,) = (rule for rule in RULE.finditer(variable) if "2 to 12" in rule[2])
    failed, said = bench.caught(without(rule), workspace=name)
    assert failed, "refused for another reason"
