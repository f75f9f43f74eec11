"""Settings to test with: what defaults.toml says, and the changes that a test is about."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from slipway.config import Service
from slipway.config.layers import defaults
from slipway.config.load import build
from slipway.config.table import Table


def make_service(name: str = "greeter", **changes: Any) -> Service:
    """A service with the defaults; `changes` are fields of it, a dict changes a part of a table."""
    ours: dict[str, Any] = defaults()["service"]
    own: dict[str, Any] = {
        "name": name,
        "folder": Path("services") / name,
        "route": {"path": f"/{name}", "host": "", "priority": 100},
        "env": {"GREETING": "Hello"},
        "calls": {},
        "called": False,
    }
    plain = {key: _plain(value) for key, value in changes.items()}
    return build(Service, _over({**ours, **own}, plain))


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Table) else value


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _over(below[key], value)
        for key, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(key), dict)
    }
    return {**below, **above, **both}
