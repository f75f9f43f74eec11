"""`invoke open`: the address, for people and for programs."""

from __future__ import annotations

import json

import pytest
from invoke.context import Context

from slipway.cli import open as opening

LINK = "http://orders.localhost:4566/orders"


def test_the_address_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It opens no browser: one of the terminal would write where the document is."""
    monkeypatch.setattr(opening, "reach", lambda *_: (None, None))
    monkeypatch.setattr(opening, "link_to", lambda *_: LINK)
    monkeypatch.setattr(opening, "browse", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    opening.open_.body(Context(), env="local", service="orders", json=True)
    assert json.loads(capsys.readouterr().out) == {"url": LINK}
