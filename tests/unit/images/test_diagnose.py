"""Failures of builds, pushes and trial starts in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slipway.engine import HealthAnswer
from slipway.images.diagnose import (
    TAIL,
    build_error,
    failing_tail,
    image_error,
    push_error,
    trial_error,
)
from slipway.images.plan import ImagePlan
from slipway.testing import an_image
from tests.cases_files import cases

LOG = ".slipway/logs/build-greeter.log"


@pytest.mark.parametrize("case", cases("images/failures"))
def test_names_the_cause_of_a_failed_build(case: dict[str, Any]) -> None:
    """One cause, one remedy, and the failing step's own last lines."""
    error = build_error("greeter", case["stage"], case["output"], log=LOG)
    first, _, rest = error.message.partition("\n")
    assert (first, error.next_step) == (case["message"], case["next_step"]), case["about"]
    assert all(text in rest for text in case.get("shows", []))
    assert not any(text in error.message for text in case.get("hides", []))


@pytest.mark.parametrize("case", cases("images/pushes"))
def test_names_the_cause_of_a_failed_push(plan: ImagePlan, case: dict[str, Any]) -> None:
    """The reference, the cause, and what the registry said."""
    error = push_error(plan, case["output"], log=LOG)
    first, _, rest = error.message.partition("\n")
    assert first == f"push of {plan.reference}: {case['message']}", case["about"]
    assert rest == case["output"].strip()
    assert error.next_step


def test_the_tail_is_short() -> None:
    """A long output is shown by its end; the log has the rest."""
    lines = [f"#7 {n}.0 line {n}" for n in range(100)]
    tail = failing_tail("\n".join([*lines, "#7 ERROR: exit code: 1"])).splitlines()
    assert tail == [f"line {n}" for n in range(100 - TAIL, 100)]


@pytest.mark.parametrize("user", ["", "0", "root", "0:0", "root:root"])
def test_an_image_that_runs_as_root_is_refused(plan: ImagePlan, user: str) -> None:
    """The message is what to add and where."""
    error = image_error(plan, an_image(user=user))
    assert error
    assert error.message == "services/greeter/Dockerfile: the image runs as root: add USER"


@pytest.mark.parametrize("user", ["10001", "10001:10001", "app", "app:root"])
def test_an_image_with_a_user_of_its_own_passes(plan: ImagePlan, user: str) -> None:
    """Numbers and names alike."""
    assert image_error(plan, an_image(user=user)) is None


def test_an_image_of_another_architecture_is_refused(plan: ImagePlan) -> None:
    """A fixed `--platform` would be pulled by tasks that can't run it."""
    wrong = replace(an_image(), architecture="arm64")
    error = image_error(plan, wrong)
    assert error
    assert "built for arm64, but wanted is linux/amd64" in error.message


def test_an_image_that_does_not_start_shows_its_log(plan: ImagePlan) -> None:
    """The container's own last words are the explanation."""
    answer = HealthAnswer(
        ok=False, seconds=1, reason="it ended with code 1", exit_code=1, log="ImportError: fastapi"
    )
    error = trial_error(plan, answer)
    assert error.message == (
        "image of greeter was built but does not start: it ended with code 1\nImportError: fastapi"
    )
    assert error.next_step == "mend services/greeter; nothing was pushed"


def test_an_image_that_needs_more_memory_says_where_to_set_it(plan: ImagePlan) -> None:
    """The trial has the task's own limit."""
    error = trial_error(plan, HealthAnswer(ok=False, seconds=1, reason="out of memory"))
    assert "raise memory in services/greeter/service.toml" in error.next_step
