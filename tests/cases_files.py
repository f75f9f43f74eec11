"""Case files: a new case is a new file under `tests/cases/`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"


def cases(folder: str) -> list[Any]:
    """Every TOML file of `tests/cases/<folder>` as a pytest parameter named after the file."""
    files = sorted((CASES / folder).glob("*.toml"))
    assert files, f"no cases in {folder}"
    return [pytest.param(tomllib.loads(file.read_text()), id=file.stem) for file in files]
