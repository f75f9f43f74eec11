"""`invoke cost`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from slipway.cli.app import App
from slipway.cli.cost import show
from slipway.console import Console
from slipway.cost.inventory import Inventory
from slipway.cost.resources import Resource
from slipway.errors import UsageError
from slipway.paths import Checkout

SERVICE = 'name = "orders"\nport = 8080\nroute = { path = "/orders", priority = 10 }\n'
PROJECT = '[project]\nname = "shop"\n[environments.local]\ntarget = "embedded"\n'
FOUND = [
    Resource(address="aws_kms_key.this", type="aws_kms_key", stack="platform"),
    Resource(address="aws_s3_bucket.this", type="aws_s3_bucket", stack="service orders"),
]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app in a small checkout, whose environment holds a key and a service's bucket."""
    monkeypatch.setattr(Inventory, "resources", lambda _: FOUND)
    (tmp_path / "services/orders").mkdir(parents=True)
    (tmp_path / "services/orders/service.toml").write_text(SERVICE)
    (tmp_path / "slipway.toml").write_text(PROJECT)
    app = App()
    app.checkout = Checkout(tmp_path)
    app.console = Console(out=io.StringIO(), err=io.StringIO())
    return app


def printed(app: App) -> str:
    """What came out on stdout."""
    assert isinstance(app.console.out, io.StringIO)
    return app.console.out.getvalue()


def test_table(app: App) -> None:
    """Lines first, then the sums, then what to know of them."""
    show(app, "local", (), (), as_json=False)
    text = printed(app)
    assert text.startswith("RESOURCE")
    assert text.index("aws_kms_key.this") < text.index("total: 1.02 USD a month")
    assert text.index("total: ") < text.index("prices: us-east-1") < text.index("not in it: ")


def test_json(app: App) -> None:
    """Nothing but JSON on stdout."""
    show(app, "local", (), (), as_json=True)
    assert json.loads(printed(app))["total"] == {"low": 1.02, "high": 1.02}


def test_only_a_service(app: App) -> None:
    """With --service what all share is left out."""
    show(app, "local", ("orders",), (), as_json=False)
    assert "aws_kms_key" not in printed(app)
    assert "total: 0.02 USD a month" in printed(app)


def test_another_assumption(app: App) -> None:
    """--assume sets a figure of use."""
    show(app, "local", (), ("bucket_gb=100",), as_json=False)
    assert "total: 3.30 USD a month" in printed(app)


def test_a_wrong_assumption_is_refused_at_once(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Terraform is asked for anything."""
    monkeypatch.setattr(Inventory, "resources", lambda _: pytest.fail("asked"))
    with pytest.raises(UsageError, match="bucket=100: no such assumption"):
        show(app, "local", (), ("bucket=100",), as_json=False)
