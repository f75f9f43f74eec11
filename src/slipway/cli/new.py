"""`new`: scaffold a service."""

from __future__ import annotations

from typing import Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "name": "lowercase letters, digits and hyphens; becomes the folder",
        "description": "one line for people",
        "python": "the image's Python",
        "route": "path at the load balancer, /NAME if not given",
        "dry_run": "say what would be made, and make nothing",
    }
)
def new(
    c: Context,  # noqa: ARG001
    *,
    name: str,
    description: str | None = None,
    python: Literal["3.13", "3.11"] = "3.13",
    route: str | None = None,
    dry_run: bool = False,
) -> None:
    """Scaffold a service that tests green and deploys at once."""
    from slipway.scaffold import service

    app = App(dry_run=dry_run)
    options = service.Options(
        name=name, description=description or "", python=python, route=route or ""
    )
    with service.alone(app.checkout):
        chosen = service.plan(options, service.look(app.checkout))
        if not dry_run:
            service.apply(chosen, app.checkout)
    app.console.result("\n".join(service.story(chosen, made=not dry_run)))


ns = Collection(new)
