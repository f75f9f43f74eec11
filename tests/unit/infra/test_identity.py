"""The roles of GitHub Actions may do what infra/ needs, and know no service beyond."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.hcl import INFRA, MODULES, STACKS, blocks

ROOT = Path(__file__).parents[3]
NEEDED: dict[str, Any] = tomllib.loads((ROOT / "tests/cases/identity/actions.toml").read_text())

WITHOUT_RESOURCE = set((ROOT / "tests/cases/identity/without_resource.txt").read_text().split())
"""Actions that AWS decides on without a resource: they have to be allowed on all of them."""

HCL = "".join(file.read_text() for file in sorted((INFRA / "modules/identity").glob("*.tf")))
WHOLE = r"^  {} += (\{{.*\}}|\{{\n(?:    .*\n)*  \}})$"
"""A statement that several lists have, where it is written."""

BY_A_PERSON = {
    "aws_iam_openid_connect_provider",
    "aws_serverlessapplicationrepository_cloudformation_stack",
}
"""What somebody with rights of his own turns on, once (infra/modules/identity/README.md)."""

BEYOND = {"acm", "dynamodb"}
"""Services that are looked at, or keep the state, and have no resource in infra/."""


@dataclass(frozen=True)
class Statement:
    """What one statement of a policy allows, as its HCL says it."""

    actions: tuple[str, ...]
    everywhere: bool


def statements(policy: str) -> Iterator[Statement]:
    """The statements of a list of the module's locals that allow something."""
    listed = re.search(rf"^  {policy} = (?:\[for .* in )?\[\n((?:    .*\n|\n)*)  \]", HCL, re.M)
    assert listed, policy
    shared = re.findall(r"^    local\.(\w+),?$", listed[1], re.M)
    written = [
        *re.findall(r"^    (?:merge\(local\.\w+, )?(\{.*\})\)?,?$", listed[1], re.M),
        *re.findall(r"^    (\{\n(?:      .*\n)*    \}),?$", listed[1], re.M),
        *(found for name in shared for found in re.findall(WHOLE.format(name), HCL, re.M)),
    ]
    for found in written:
        if "Deny" not in found:
            action = re.search(r"Action += (\[(?:.|\n)*?\]|\".*?\")", found)
            assert action, found
            resource = re.search(r'Resource += "\*"', found)
            actions = tuple(re.findall(r'"([^"]+)"', action[1]))
            yield Statement(actions=actions, everywhere=bool(resource))


def policies_of(role: str) -> list[str]:
    """The lists of statements that a role has."""
    hcl = (INFRA / "modules/identity/main.tf").read_text()
    roles = re.search(rf"^    {role} = \{{\n((?:      .*\n)*)    \}}", hcl, re.M)
    assert roles
    policies = re.search(r"policies += (.*)", roles[1])
    assert policies
    return [name.replace("-", "_") for name in re.findall(r'"([a-z-]+)"', policies[1])]


def missing(role: str, actions: set[str]) -> list[str]:
    """The actions that the role may not do at all, or not as AWS decides on them."""
    held = [statement for policy in policies_of(role) for statement in statements(policy)]
    return sorted(
        action
        for action in actions
        if not any(
            fnmatchcase(action.lower(), allowed.lower())
            for statement in held
            for allowed in statement.actions
            if statement.everywhere or action not in WITHOUT_RESOURCE
        )
    )


def test_the_table_has_every_resource() -> None:
    """A new type of resource comes with the actions that it needs."""
    made = {r.labels[0] for f in (*STACKS, *MODULES) for r in blocks(f, "resource")}
    read = {d.labels[0] for f in (*STACKS, *MODULES) for d in blocks(f, "data")}
    assert made == NEEDED.keys() - {"data"}
    assert read == NEEDED["data"].keys()


@pytest.mark.parametrize("kind", NEEDED)
def test_who_plans_may_read_all_that_there_is(kind: str) -> None:
    """A plan reads every resource again."""
    tables = NEEDED["data"].values() if kind == "data" else [NEEDED[kind]]
    assert missing("plan", {action for table in tables for action in table["read"]}) == []


@pytest.mark.parametrize("kind", sorted(NEEDED.keys() - {"data"} - BY_A_PERSON))
def test_who_applies_may_make_and_delete_all_that_there_is(kind: str) -> None:
    """An apply makes, changes, tags and deletes every resource."""
    assert missing("apply", {*NEEDED[kind]["read"], *NEEDED[kind]["write"]}) == []


def test_who_deploys_may_register_what_it_rolls_out() -> None:
    """ECS looks at no resource here: only at the roles that are passed along."""
    rollout = {"ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition", "ecs:RunTask"}
    rollout |= {"ecs:UpdateService", "ecs:DescribeServices", "iam:PassRole"}
    rollout |= {"codedeploy:CreateDeployment", "codedeploy:StopDeployment"}
    assert missing("deploy", rollout) == []


def test_no_service_that_nobody_needs() -> None:
    """What no resource asks for is not allowed."""
    needed = {
        action.split(":")[0]
        for table in (*NEEDED.values(), *NEEDED["data"].values())
        for action in (*table.get("read", ()), *table.get("write", ()))
    }
    allowed = {
        action.split(":")[0]
        for policy in policies_of("apply")
        for statement in statements(policy)
        for action in statement.actions
    }
    assert allowed - needed == BEYOND


def test_a_missing_action_is_found() -> None:
    """The comparison itself: an action nobody may do, and one that is held to a name."""
    assert missing("apply", {"ec2:RunInstances"}) == ["ec2:RunInstances"]
    assert missing("build", {"ecr:GetAuthorizationToken", "ecr:PutImage"}) == []
