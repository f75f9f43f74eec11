"""`setup` and `doctor`: what this machine needs."""

from __future__ import annotations

from contextlib import nullcontext

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task


@task(
    help={
        "dry_run": "show what it would do, and do nothing",
        "json": "print what it found in the end as JSON, as doctor does",
    }
)
def setup(c: Context, *, dry_run: bool = False, json: bool = False) -> None:  # noqa: ARG001
    """Find what deploys need; install or start what is missing."""
    from slipway.setup.step import demand, mend, only_one
    from slipway.setup.steps import steps

    app = App(dry_run=dry_run)
    alone = nullcontext() if dry_run else only_one(app.checkout, app.console)
    with alone:
        checked = mend(steps(app.checkout, app.runner), app.console, dry_run=dry_run)
    if json:
        app.console.json([one.data for one in checked])
    if not dry_run:
        demand(checked, "set-up is not complete")
        if not (app.checkout.work / "logs").exists():  # of builds: nothing was ever deployed here
            app.console.line("next: uv run invoke deploy --env=local")


@task(help={"json": "print the findings as JSON"})
def doctor(c: Context, *, json: bool = False) -> None:  # noqa: ARG001
    """Find what deploys lack, and say how to mend it.

    Changes nothing.
    """
    from slipway.setup.step import demand, look
    from slipway.setup.steps import steps

    app = App()
    checked = []
    for one in look(steps(app.checkout, app.runner)):
        checked.append(one)
        if not json:
            app.console.result(one.line)
    if json:
        app.console.json([one.data for one in checked])
    demand(checked, "needed and missing")


ns = Collection(setup, doctor)
