"""A service's local.env: values for one's own machine; its problems are cases of test_load.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from slipway.config import effective, load, local_values
from slipway.errors import ConfigError
from slipway.paths import Checkout

MakeCheckout = Callable[[Mapping[str, str]], Checkout]

MANIFEST = """
name = "orders"
route = { path = "/orders", priority = 10 }
secrets = ["KEYS", "STRIPE_KEY"]
env = { GREETING = "Hello" }
"""


def test_values_are_taken_as_they_are_written(checkout: MakeCheckout) -> None:
    """Quotes go, comments too; nothing is put in for `$NAME`."""
    written = 'export KEYS=\'{"keys": ["$HOME"]}\'\n# a comment\nGREETING="Good day" # polite\n'
    files = {"services/orders/service.toml": MANIFEST, "services/orders/local.env": written}
    settings = load(checkout(files), "local")
    values = local_values(settings.services["orders"])
    assert values == {"KEYS": '{"keys": ["$HOME"]}', "GREETING": "Good day"}
    assert "polite" not in str(values)


def test_they_are_no_settings(checkout: MakeCheckout) -> None:
    """What a table of all settings shows are none of these values."""
    written = "STRIPE_KEY=sk_test_1\n"
    files = {"services/orders/service.toml": MANIFEST, "services/orders/local.env": written}
    settings = load(checkout(files), "local")
    assert "sk_test_1" not in repr(settings)
    assert "sk_test_1" not in str(effective(settings))


def test_no_file_no_values(checkout: MakeCheckout) -> None:
    """A service need not have one."""
    assert local_values(load(checkout({}), "local").services["orders"]) == {}


def test_what_is_no_text_is_named(checkout: MakeCheckout, tmp_path: Path) -> None:
    """A file in another encoding is named, and so is a folder of that name."""
    place, file = checkout({}), tmp_path / "services/orders/local.env"
    file.write_bytes(b"KEY=\xff")
    with pytest.raises(ConfigError, match=r"orders/local.env: can't be read: it is not UTF-8"):
        load(place, "local")
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match=r"orders/local.env: can't be read: Is a directory"):
        load(place, "local")
