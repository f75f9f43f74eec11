"""In which order services are rolled out, and what becomes of those that wait in vain."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from slipway.release.order import waiting_in_vain, waves
from tests.cases_files import cases


@pytest.mark.parametrize("case", cases("order"))
def test_waves(case: Any) -> None:
    """Each case: what services need, and the waves that follow."""
    found = waves(case["needs"], at_most=case["at_most"])
    assert [list(wave) for wave in found] == case["waves"], case["says"]


def test_no_services_no_waves() -> None:
    """Nothing to deploy is no error."""
    assert waves({}, at_most=10) == ()


def test_a_long_chain_is_ordered() -> None:
    """A hundred services, each needing the one before, come one after the other."""
    names = [f"s{number:03}" for number in range(100)]
    needs: dict[str, list[str]] = {names[0]: []} | {b: [a] for a, b in pairwise(names)}
    assert waves(needs, at_most=10) == tuple((name,) for name in names)


def test_who_waits_in_vain() -> None:
    """What needs a bad service is not started; what needs none of them is."""
    needs = {"web": ["users", "orders"], "jobs": ["queue"], "free": []}
    assert waiting_in_vain(needs, needs, {"orders"}) == {"web": "orders"}
    assert waiting_in_vain(["jobs", "free"], needs, {"orders"}) == {}
