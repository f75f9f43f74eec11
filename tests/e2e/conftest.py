"""Which end-to-end tests share a worker: those of a file, as they share what it has set up."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together; environments are independent of each other.

    First, because xdist reads the groups in this same hook.
    """
    for item in items:
        name = item.name if "whole_environments" in item.path.stem else item.path.stem
        item.add_marker(pytest.mark.xdist_group(name))
