"""Makes checkouts for the tests of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from slipway.paths import Checkout

PROJECT = """
[project]
name = "shop"

[environments.local]
target = "embedded"

[environments.staging]
target = "aws"
account_id = "123456789012"
branch = "develop"

[environments.prod]
target = "aws"
account_id = "123456789012"
branch = "main"
protected = true
"""

ORDERS = """
name = "orders"
route = { path = "/orders", priority = 10 }
"""

MakeCheckout = Callable[[Mapping[str, str]], Checkout]


@pytest.fixture
def bare(tmp_path: Path) -> MakeCheckout:
    """Makes a checkout of the given files only."""

    def make(files: Mapping[str, str]) -> Checkout:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Checkout(tmp_path)

    return make


@pytest.fixture
def checkout(bare: MakeCheckout) -> MakeCheckout:
    """Makes a checkout of one project and one service, with the given files over them."""
    base = {"slipway.toml": PROJECT, "services/orders/service.toml": ORDERS}
    return lambda files: bare({**base, **files})
