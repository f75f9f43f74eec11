"""`invoke plan`: everything that a deploy would do, as one plan."""

from __future__ import annotations

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "env": "environment that would be deployed to",
        "service": "services that would be deployed (default: all)",
        "out": "file to save the plan in, for deploy --plan=FILE",
        "refresh": "ask Terraform even where its inputs have not changed",
        "allow_destroy": "addresses that may be destroyed although they hold data, or `all`",
        "json": "print the plan as JSON",
    }
)
def plan(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    out: Path | None = None,
    refresh: bool = False,
    allow_destroy: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """Show all that a deploy would do, and change nothing."""
    from slipway.release import plan_file, plan_show, planning
    from slipway.release.progress import Options
    from slipway.release.world import looks_at_images, open_world

    app = App(dry_run=True)
    world = open_world(app, env, service)
    options = Options(refresh=refresh, allow_destroy=allow_destroy)
    with app.console.step(f"planning {env}"):
        found = planning.make(world, looks_at_images(world), options)
    data = plan_show.as_data(found)
    if out:
        plan_file.save(out, found, data)
    if json:
        app.console.json(data)
        return
    for line in plan_show.lines(found):
        app.console.result(line)
    if out:
        app.console.line(f"to deploy just this: uv run invoke deploy --env={env} --plan={out}")


ns = Collection(plan)
