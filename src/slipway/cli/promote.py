"""`invoke promote`: what serves in one environment goes to another."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.release.world import World


@task(
    help={
        "from_": "environment whose verified releases are taken",
        "to": "environment that gets them",
        "service": "services to promote (default: all)",
        "merged": "refuse what was built from commits that this checkout does not have",
        "refresh": "run Terraform even where its inputs have not changed",
        "allow_destroy": "addresses that may be destroyed although they hold data, or `all`",
        "wait": "seconds to wait for somebody else's deploy",
        "way_back": "refuse where what serves now could not be gone back to",
        "on_interrupt": "what becomes of a rollout under way after Ctrl-C",
        "dry_run": "show what would be done, and do nothing",
        "json": "print the outcome as JSON",
        "log_json": "file for a JSON line per step and verdict; `-` is stdout",
    }
)
def promote(
    c: Context,  # noqa: ARG001
    *,
    from_: str,
    to: str,
    service: tuple[str, ...] = (),
    merged: bool = False,
    refresh: bool = False,
    allow_destroy: tuple[str, ...] = (),
    wait: int = 0,
    way_back: bool = True,
    on_interrupt: Literal["rollback", "detach"] = "rollback",
    dry_run: bool = False,
    json: bool = False,
    log_json: str | None = None,
) -> int:
    """Deploy what serves in another environment; builds nothing."""
    from slipway.cli.deploy import finish
    from slipway.errors import UsageError
    from slipway.release import deploy
    from slipway.release.journal import STDOUT, demand_one_stdout, kept
    from slipway.release.preview import preview
    from slipway.release.progress import Options

    if from_ == to:
        raise UsageError(
            f"promote: --from and --to are both {to}",
            next_step="name the environment whose releases are verified with --from",
        )
    demand_one_stdout("promote", as_json=json, log_json=log_json)
    app = App(dry_run=dry_run)
    options = Options(
        refresh=refresh,
        allow_destroy=allow_destroy,
        wait=wait,
        way_back=way_back,
        on_interrupt=on_interrupt,
        kind="promote",
    )
    with kept(app.console, log_json):
        world, origins = chosen(app, from_, to, service, merged=merged)
        options = replace(options, origins=origins)
        if dry_run:
            preview(world, options)
            return 0
        progress = deploy.deploy(world, options)
        return finish(app.console, world, progress, as_json=json, quiet=log_json == STDOUT)


def chosen(
    app: App, source: str, target: str, services: tuple[str, ...], *, merged: bool
) -> tuple[World, dict[str, str]]:
    """The world of `target` with the images that serve in `source`, and where they come from."""
    from slipway.config import load
    from slipway.release import promote
    from slipway.release.world import connect_to, make_site, make_world

    settings = load(app.checkout, target, services)
    here = open_site(app, source, services)
    there = make_site(app.checkout, settings, app.console, connect_to(app, settings))
    wanted = partial(promote.merged, app.checkout, app.runner) if merged else promote.anything
    releases = promote.chosen(here, there, wanted)
    world = make_world(app, there, promote.images(here, there, releases, dry=app.dry_run))
    return world, promote.origins(here, releases)


ns = Collection(promote)
