"""`dev`: the services on this machine, while they are being worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.dev.plan import Plan


@task(
    help={
        "service": "only these, and what they need (default: all that serve)",
        "env": "environment whose settings hold, as far as this machine can",
        "fresh": "forget what databases and cache hold, of all services",
        "json": "print a JSON object for each line of the services",
        "dry_run": "show what it would run, and run nothing",
    }
)
def dev(
    c: Context,  # noqa: ARG001
    *,
    service: tuple[str, ...] = (),
    env: str = "local",
    fresh: bool = False,
    json: bool = False,
    dry_run: bool = False,
) -> int:
    """Run services here, with hot reload and their data."""
    from slipway.dev import apply, choice
    from slipway.engine import DockerEngine
    from slipway.runner import SubprocessRunner

    app = App(dry_run=dry_run)
    wish = choice.Wish(environment=env, services=service, fresh=fresh, json=json)
    if dry_run:
        plan = choice.look(app.checkout, choice.choose(app.checkout, wish))
        app.console.table(apply.COLUMNS, plan.rows())
        app.console.result("\n".join(story(plan, fresh=fresh)))
        return 0
    return apply.run(app.checkout, wish, SubprocessRunner(), DockerEngine(), app.console)


def story(plan: Plan, *, fresh: bool) -> list[str]:
    """What would run, as a user reads it."""
    stores = [name.removeprefix("store/") for name in plan.ports if name.startswith("store/")]
    commands = [
        f"{one.name}: would run: {command}"
        for one in plan.services.values()
        for command in (*one.before, one.program)
    ]
    return [
        *(["data: would forget what there is"] if fresh else []),
        *(f"data: would start {name} in a container" for name in stores),
        *commands,
    ]


ns = Collection(dev)
