"""Plans as Terraform prints them, and what a user is told of them; each case is a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slipway.errors import InfraError
from slipway.infra.plan import guard, is_stateful, summarise

CASES = sorted((Path(__file__).parents[2] / "cases/infra/plan").glob("*.json"))


def _read(file: Path) -> Any:
    return json.loads(file.read_text())


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_plan_in_few_words(file: Path) -> None:
    """Counts and lines are what the case says."""
    case = _read(file)
    summary = summarise(case["plan"])
    assert str(summary) == case["text"]
    assert summary.lines() == case["lines"]


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_losses_are_refused_by_address(file: Path) -> None:
    """What would lose data is refused, named with the flag that allows it; the rest is not."""
    case = _read(file)
    summary = summarise(case["plan"])
    if not case["refused"]:
        guard(summary, case["allow"], label="platform in prod")
        return
    with pytest.raises(InfraError) as caught:
        guard(summary, case["allow"], label="platform in prod")
    flags = " ".join(f"--allow-destroy='{address}'" for address in case["refused"])
    assert caught.value.next_step == f"if that is meant, add {flags}"
    assert all(address in caught.value.message for address in case["refused"])
    assert not any(f" {address}" in caught.value.message for address in case["allow"])


def test_values_are_never_shown() -> None:
    """A changed password is told by its name alone."""
    plan = _read(next(file for file in CASES if file.stem == "everything"))["plan"]
    assert "hush" in json.dumps(plan)
    assert "hush" not in "\n".join([*summarise(plan).lines(), repr(summarise(plan))])


def test_a_replaced_resource_counts_as_made() -> None:
    """`creates` holds for new and for replaced resources, not for changed ones."""
    plan = _read(next(file for file in CASES if file.stem == "everything"))["plan"]
    made = [each.address for each in summarise(plan).changes if each.creates]
    assert made == ["aws_dynamodb_table.data", "aws_ssm_parameter.replaced"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("aws_s3_bucket", True),
        ("aws_s3_bucket_versioning", False),
        ("aws_db_instance", True),
        ("aws_db_parameter_group", False),
        ("aws_ecr_repository", True),
        ("aws_ecr_repository_policy", False),
        ("aws_ecr_lifecycle_policy", False),
        ("aws_secretsmanager_secret_version", True),
        ("aws_ecs_service", False),
        ("aws_lb", False),
    ],
)
def test_what_counts_as_data(kind: str, expected: bool) -> None:
    """Data, images, logs and secrets do; the settings around them don't."""
    assert is_stateful(kind) is expected
