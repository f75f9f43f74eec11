"""The roles of GitHub Actions may do what infra/ needs, and know no service beyond."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.hcl import MODULES, STACKS, blocks
from tests.identity import missing, policies_of, statements

ROOT = Path(__file__).parents[3]
NEEDED: dict[str, Any] = tomllib.loads((ROOT / "tests/cases/identity/actions.toml").read_text())

BY_A_PERSON = {
    "aws_iam_openid_connect_provider",
    "aws_serverlessapplicationrepository_cloudformation_stack",
}
"""What somebody with rights of his own turns on, once (infra/modules/identity/README.md)."""

BEYOND = {"acm", "dynamodb"}
"""Services that are looked at, or keep the state, and have no resource in infra/."""


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


def test_who_promotes_reads_that_and_no_more() -> None:
    """What `promote` asks of where it takes from; a job of another account has the role."""
    state = {"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "dynamodb:DescribeTable"}
    serving = {"dynamodb:GetItem", "ecs:DescribeServices", "ecs:DescribeTaskDefinition"}
    image = {"ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"}
    allowed = {action for each in statements("source") for action in each.actions}
    assert policies_of("promote") == ["source"]
    assert allowed == state | serving | image
