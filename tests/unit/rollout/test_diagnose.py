"""One cause and one remedy for a rollout that did not end well."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.session import get_session

from slipway.rollout import codes
from slipway.rollout.diagnose import RULES, diagnose
from slipway.rollout.evidence import Evidence, StoppedTask, TargetHealth
from tests.cases_files import cases


def evidence(raw: dict[str, Any]) -> Evidence:
    stopped = tuple(
        StoppedTask(
            id=task["id"],
            reason=task["reason"],
            code=task["code"],
            exit_code=task.get("exit_code"),
            container_reason=task["container_reason"],
            log=tuple(task["log"]),
        )
        for task in raw.pop("stopped", [])
    )
    targets = tuple(TargetHealth(**each) for each in raw.pop("targets", []))
    lists: dict[str, Any] = {
        key: tuple(raw.pop(key)) for key in ("events", "log", "secrets") if key in raw
    }
    return Evidence(stopped=stopped, targets=targets, **lists, **raw)


DIAGNOSED = cases("rollout/diagnose")


@pytest.mark.parametrize("case", DIAGNOSED)
def test_diagnose(case: dict[str, Any]) -> None:
    """Each case file states its behaviour in its first line."""
    cause = diagnose(evidence(dict(case["evidence"])))
    assert case["title"] in cause.title
    assert case["remedy"] in cause.remedy
    assert case.get("kind", cause.kind) == cause.kind != ""


PLACE = re.compile(
    r"services/greeter/\w|infra/environments/|uv run invoke |aws |docker run|CodeDeploy|Lambda"
    r"|CloudWatch|service\.toml|--refresh|the secret's JSON|what (ECS|it) says below|health\.grace"
)


@pytest.mark.parametrize("case", DIAGNOSED)
def test_a_remedy_names_its_place(case: dict[str, Any]) -> None:
    """A file with its key, or a command: nobody has to guess where to begin."""
    remedy = diagnose(evidence(dict(case["evidence"]))).remedy
    assert PLACE.search(remedy), remedy


def test_every_rule_has_a_case() -> None:
    """A rule that no recorded answer reaches is a guess."""
    reached = {diagnose(evidence(dict(p.values[0]["evidence"]))).kind for p in DIAGNOSED}
    assert {rule.__name__ for rule in RULES} <= reached


def test_every_code_of_codedeploy_is_one_that_aws_has() -> None:
    """A misspelt code would never be met."""
    known = get_session().get_service_model("codedeploy").shape_for("ErrorCode").enum  # type: ignore[attr-defined]
    assert {*codes.DECISIVE, *codes.VAGUE} <= set(known)


def test_the_services_own_words_are_shown() -> None:
    """A crash shows the container's own log, not only ECS's sentence about it."""
    task = StoppedTask(
        id="t1",
        reason="Essential container in task exited",
        code="EssentialContainerExited",
        exit_code=3,
        container_reason="",
        log=("first", "ValueError: DATABASE_URL is not set"),
    )
    assert "ValueError: DATABASE_URL is not set" in diagnose(Evidence(stopped=(task,))).lines
