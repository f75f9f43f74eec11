"""`.dockerignore` as Docker reads it."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.images.ignore import ignore_rules
from tests.cases_files import cases


@pytest.mark.parametrize("case", cases("images/ignore"))
def test_ignores_what_docker_ignores(case: dict[str, Any]) -> None:
    """Each path of the case is left out, or kept, as Docker would."""
    ignored = ignore_rules(case["ignore"])
    assert {path: ignored(path) for path in case["paths"]} == case["paths"], case["about"]
