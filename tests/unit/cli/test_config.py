"""`invoke config`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from slipway.cli.app import App
from slipway.cli.config import show
from slipway.console import Console
from slipway.paths import Checkout

SERVICE = 'name = "orders"\nport = 8080\nroute = { path = "/orders", priority = 10 }\n'
PROJECT = '[project]\nname = "shop"\n[environments.local]\ntarget = "embedded"\n'


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app in a small checkout, with a console that remembers."""
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
    """Each setting is a line of key, value and origin."""
    show(app, "local", (), as_json=False)
    rows = [line.split(maxsplit=2) for line in printed(app).splitlines()]
    assert rows[0] == ["KEY", "VALUE", "FROM"]
    assert ["services.orders.port", "8080", "services/orders/service.toml"] in rows
    assert ["services.orders.cpu", "256", "defaults"] in rows
    assert ["environments.local.target", '"embedded"', "slipway.toml [environments.local]"] in rows


def test_json(app: App) -> None:
    """With --json the same is a list of objects, values with their types."""
    show(app, "local", ("orders",), as_json=True)
    rows = json.loads(printed(app))
    port = {"key": "services.orders.port", "value": 8080, "from": "services/orders/service.toml"}
    assert port in rows
