"""`invoke restart`: new tasks of what serves; the way to give running services new secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.console import Console
    from slipway.release.restart import Plan


@task(
    help={
        "env": "environment in which to restart",
        "service": "services to restart",
        "wait": "seconds to wait for somebody else's deploy",
        "dry_run": "show what would be restarted, and do nothing",
        "json": "print the outcome as JSON",
        "log_json": "file for a JSON line per step and verdict; `-` is stdout",
    }
)
def restart(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...],
    wait: int = 0,
    dry_run: bool = False,
    json: bool = False,
    log_json: str | None = None,
) -> int:
    """Replace all tasks by new ones of the same revision."""
    from slipway.cli.deploy import finish
    from slipway.release import restart as release
    from slipway.release.journal import STDOUT, demand_one_stdout, kept
    from slipway.release.progress import Options

    demand_one_stdout("restart", as_json=json, log_json=log_json)
    app = App(dry_run=dry_run)
    with kept(app.console, log_json):
        site = open_site(app, env, service)
        if dry_run:
            show(app.console, release.planned(site), as_json=json)
            return 0
        # There is no other revision to return to: a signal leaves the restart to ECS or CodeDeploy.
        progress = release.restart(site, Options(wait=wait, on_interrupt="detach"))
        return finish(app.console, site, progress, as_json=json, quiet=log_json == STDOUT)


def show(console: Console, plans: Sequence[Plan], *, as_json: bool) -> None:
    """What would be restarted."""
    if as_json:
        console.json(
            [
                {
                    "service": each.service.name,
                    "tasks": each.tasks,
                    "release": each.of.id,
                    "task_definition": each.of.task_definition,
                }
                for each in plans
            ]
        )
        return
    for each in plans:
        told = f"{each.tasks} tasks of release {each.of.id} (version {each.of.version})"
        console.result(f"{each.service.name}: would be restarted: {told}")


ns = Collection(restart)
