"""`invoke promote`: what serves in one environment goes to another."""

from __future__ import annotations

from typing import Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task


@task(
    help={
        "from_": "environment whose verified releases are taken",
        "to": "environment that gets them",
        "service": "services to promote (default: all)",
        "refresh": "run Terraform even where its inputs have not changed",
        "allow_destroy": "addresses that may be destroyed although they hold data, or `all`",
        "wait": "seconds to wait for somebody else's deploy",
        "way_back": "refuse where what serves now could not be gone back to",
        "on_interrupt": "what becomes of a rollout under way after Ctrl-C",
        "dry_run": "show what would be done, and do nothing",
        "json": "print the outcome as JSON",
    }
)
def promote(
    c: Context,  # noqa: ARG001
    *,
    from_: str,
    to: str,
    service: tuple[str, ...] = (),
    refresh: bool = False,
    allow_destroy: tuple[str, ...] = (),
    wait: int = 0,
    way_back: bool = True,
    on_interrupt: Literal["rollback", "detach"] = "rollback",
    dry_run: bool = False,
    json: bool = False,
) -> int:
    """Deploy what serves in another environment; builds nothing."""
    from slipway.cli.deploy import finish
    from slipway.config import load
    from slipway.errors import UsageError
    from slipway.release import deploy, promote
    from slipway.release.preview import preview
    from slipway.release.progress import Options
    from slipway.release.world import connect_to, make_site, make_world

    if from_ == to:
        raise UsageError(f"promote: --from and --to are both {to}")
    app = App(dry_run=dry_run)
    settings = load(app.checkout, to, service)
    source = open_site(app, from_, service)
    target = make_site(app.checkout, settings, app.console, connect_to(app, settings))
    releases = promote.chosen(source, target)
    world = make_world(app, target, promote.images(source, target, releases, dry=dry_run))
    options = Options(
        refresh=refresh,
        allow_destroy=allow_destroy,
        wait=wait,
        way_back=way_back,
        on_interrupt=on_interrupt,
        kind="promote",
        origins=promote.origins(source, releases),
    )
    if dry_run:
        preview(world, options)
        return 0
    return finish(app.console, world, deploy.deploy(world, options), as_json=json)


ns = Collection(promote)
