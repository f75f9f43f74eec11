"""When schedules run next: the cases of tests/cases/when."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.rollout.when import next_run
from tests.cases_files import cases


@pytest.mark.parametrize("case", cases("when"))
def test_the_next_run(case: Any) -> None:
    """The next time that a schedule is due, or None."""
    assert next_run(case["schedule"], case["now"]) == case.get("next"), case["says"]
