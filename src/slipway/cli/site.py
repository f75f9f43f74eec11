"""The way from flags to a site; for tasks that neither build nor run Terraform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slipway.cli.reach import reach

if TYPE_CHECKING:
    from slipway.cli.app import App
    from slipway.release.world import Site


def open_site(app: App, env: str, services: Sequence[str] = ()) -> Site:
    """The environment with its state's home checked, narrowed to `services` (none named: all)."""
    from slipway.infra import state
    from slipway.release.world import make_site

    settings, aws = reach(app, env, services)
    state.check(settings, aws)
    return make_site(app.checkout, settings, app.console, aws)
