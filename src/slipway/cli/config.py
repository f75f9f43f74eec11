"""`invoke config`: the settings in force, and where each came from."""

from __future__ import annotations

from collections.abc import Sequence

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "env": "environment to look at",
        "service": "only these services",
        "json": "print JSON instead of a table",
    }
)
def config(c: Context, *, env: str, service: tuple[str, ...] = (), json: bool = False) -> None:  # noqa: ARG001
    """Show the effective settings and where each came from."""
    show(App(), env, service, as_json=json)


def show(app: App, environment: str, services: Sequence[str], *, as_json: bool) -> None:
    """Print the settings as a table of key, value and origin, or as a JSON list."""
    from slipway.config import effective, load

    found = effective(load(app.checkout, environment, services))
    if as_json:
        app.console.json([{"key": o.key, "value": o.value, "from": o.origin} for o in found])
    else:
        rows = [(one.key, _shown(one.value), one.origin) for one in found]
        app.console.table(("KEY", "VALUE", "FROM"), rows)


def _shown(value: object) -> str:
    from slipway.config.check import toml

    return toml(value)


ns = Collection(config)
