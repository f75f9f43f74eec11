"""`invoke history`: what was released, by whom, and how it ended."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task


@task(
    help={
        "env": "environment whose releases are meant",
        "service": "services whose releases are meant (default: all)",
        "lines": "releases to show at most, the newest ones",
        "json": "print all that is known of them as JSON",
    }
)
def history(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    lines: int = 20,
    json: bool = False,
) -> None:
    """List releases, newest first; * marks what serves."""
    from slipway.errors import UsageError
    from slipway.release.history import COLUMNS, OPTIONAL
    from slipway.release.history import history as find

    if lines < 1:
        raise UsageError(f"history: --lines={lines}: at least 1")
    app = App()
    found = find(open_site(app, env, service), lines)
    if json:
        app.console.json([each.document for each in found])
        return
    app.console.table(COLUMNS, [each.row for each in found], optional=OPTIONAL)
    for each in found:
        if each.note:
            app.console.line(f"{each.release.id}: {each.note}")


ns = Collection(history)
