"""What can be set is written down."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
GIVEN = {"environment", "owner", "project", "protected", "region"}
"""Variables that come from slipway.toml."""


def test_every_variable_of_an_environment_is_explained() -> None:
    """docs/infrastructure.md has a row for each variable of infra/platform/variables.tf."""
    declared = re.findall(
        r'^variable "(\w+)"', (ROOT / "infra/platform/variables.tf").read_text(), re.MULTILINE
    )
    rows = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "docs/infrastructure.md").read_text(), re.MULTILINE
    )
    assert set(declared) - GIVEN <= set(rows)
