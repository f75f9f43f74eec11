"""`invoke plan`: everything that a deploy would do, as one plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.release.world import World


@task(
    help={
        "env": "environment that would be deployed to",
        "service": "services that would be deployed (default: all)",
        "base": "only services that differ from this commit, and what all share",
        "out": "file to save the plan in, for deploy --plan=FILE",
        "refresh": "ask Terraform even where its inputs have not changed",
        "allow_destroy": "addresses that may be destroyed although they hold data, or `all`",
        "markdown": "print the plan as Markdown, for a pull request",
        "json": "print the plan as JSON",
    }
)
def plan(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    base: str | None = None,
    out: Path | None = None,
    refresh: bool = False,
    allow_destroy: tuple[str, ...] = (),
    markdown: bool = False,
    json: bool = False,
) -> None:
    """Show all that a deploy would do, and change nothing."""
    from slipway.ci import summary
    from slipway.release import plan_file, plan_show, planning
    from slipway.release.progress import Options
    from slipway.release.world import looks_at_images, open_world

    demand_sense(service, base, out, markdown=markdown, json=json)
    app = App(dry_run=True)
    world = open_world(app, env, service)
    if base:
        narrow(world, base)
    options = Options(refresh=refresh, allow_destroy=allow_destroy)
    with app.console.step(f"planning {env}"):
        found = planning.make(world, looks_at_images(world), options)
    data = plan_show.as_data(found)
    if out:
        plan_file.save(out, found, data)
    page = plan_show.markdown(found)
    summary.add(page)
    if json:
        app.console.json(data)
        return
    for line in page.splitlines() if markdown else plan_show.lines(found):
        app.console.result(line)
    if out:
        app.console.line(f"to deploy just this: uv run invoke deploy --env={env} --plan={out}")


def demand_sense(
    service: tuple[str, ...], base: str | None, out: Path | None, *, markdown: bool, json: bool
) -> None:
    """Raise `UsageError` for flags that can't be meant together."""
    from slipway.errors import UsageError

    if markdown and json:
        raise UsageError("plan: --markdown and --json: one at a time")
    if base and service:
        raise UsageError("plan: --base chooses the services, and so does --service: one at a time")
    if base and out:
        raise UsageError("plan: --base is for looking; a deploy of --out is of services by name")


def narrow(world: World, base: str) -> None:
    """Leave only the services that differ from a commit."""
    from slipway.release.affected import compare

    wanted = {each.name for each in compare(world.checkout, base, world.runner).affected}
    services = world.settings.services.items()
    left = {name: each for name, each in services if name in wanted}
    world.settings = replace(world.settings, services=left)


ns = Collection(plan)
