"""`invoke status`: how the services of an environment stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.status.look import Look
    from slipway.status.model import Status


@task(
    help={
        "env": "environment to look at",
        "service": "only these services (default: all)",
        "watch": "look again until Ctrl-C: redrawn at a terminal, else a line for each change",
        "check": "exit with 1 unless all is well, and all is known",
        "json": "print all that is known as JSON",
    }
)
def status(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    watch: bool = False,
    check: bool = False,
    json: bool = False,
) -> int | None:
    """Show what runs, from which release, and what is wrong."""
    from slipway.errors import UsageError
    from slipway.status.look import Look

    if watch and check:
        raise UsageError(
            "status: --check looks once, --watch has no end", next_step="leave one out"
        )
    app = App()
    settings, aws = reach(app, env, service)
    look = Look(settings, aws)
    if watch:
        watched(look, app.console, as_json=json)
        return None
    found = look.now()
    shown(app.console, found, as_json=json)
    return 0 if found.good or not check else 1


def shown(console: Console, found: Status, *, as_json: bool) -> None:
    """One look: the table, and what to know of it."""
    from slipway.status import show

    if as_json:
        console.json(show.document(found))
        return
    console.table(show.COLUMNS, show.rows(found), optional=show.OPTIONAL, colours=show.COLOURS)
    for note in show.notes(found):
        console.line(note)


def watched(look: Look, console: Console, *, as_json: bool) -> None:
    """Look after look, until a signal: that is how it ends, and needs no word."""
    from slipway.errors import Interrupted
    from slipway.status.watch import Changes, Live, View, watch

    live = console.out.isatty() and console.coloured and not as_json
    view: View = Live(console) if live else Changes(console, as_json=as_json)
    try:
        watch(look.now, view, alive=console.demand_reader)
    except (KeyboardInterrupt, Interrupted):
        return


ns = Collection(status)
