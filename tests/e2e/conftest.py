"""In which order end-to-end tests are shared out among workers (`pytest -n 3 --dist loadfile`)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

LONGEST: Sequence[str] = (
    "test_strategies",
    "test_strategies_back",
    "test_rehearse",
    "test_recovery",
    "test_whole_environments",
    "test_releases",
    "test_day_two_changes",
    "test_many_services",
    "test_flow",
    "test_tutorial",
    "test_readme",
    "test_jobs",
    "test_state",
    "test_contained_flow",
    "test_variants",
    "test_cost",
    "test_new_environment",
    "test_dev",
)
"""They begin first, so that no worker sits idle at the end while another still has one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; a file's own tests keep their order, as they build on it."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
