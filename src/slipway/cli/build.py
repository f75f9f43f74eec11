"""`invoke build`: the images of services in their registry, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.release.world import Built, World


@task(
    help={
        "env": "environment whose registry gets the images",
        "service": "services to build (default: all)",
        "dry_run": "show what would be done, and do nothing",
        "json": "print the images as JSON",
    }
)
def build(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Build and push the images that the registry lacks.

    A service that has no repository yet is left to the deploy, which makes it one.
    """
    from slipway.release.parallel import side_by_side
    from slipway.release.world import open_world

    app = App(dry_run=dry_run)
    world = open_world(app, env, service)
    with app.console.step(f"images for {env}"):
        places = repositories(world)
        services = world.settings.services
        jobs = {name: partial(world.image, services[name], place) for name, place in places.items()}
        images = side_by_side(jobs)
    for name in sorted(services.keys() - places.keys()):
        app.console.warn(f"{name}: no repository yet; a deploy makes it, and builds the image")
    show(app, images, as_json=json)


def repositories(world: World) -> dict[str, str]:
    """Host and path of the repository of each service that has one."""
    from slipway import names
    from slipway.images import registry

    found = {
        name: registry.uri(world.ecr, names.repository(world.settings, name))
        for name in world.settings.services
    }
    return {name: uri for name, uri in found.items() if uri}


def show(app: App, images: dict[str, Built], *, as_json: bool) -> None:
    """Each service's image on stdout."""
    if as_json:
        rows = {name: {"image": str(b.ref), "version": b.ref.tag} for name, b in images.items()}
        app.console.json(rows)
    elif images:
        table = [(name, each.ref.tag, each.ref.digest) for name, each in images.items()]
        app.console.table(("service", "version", "digest"), table)


ns = Collection(build)
