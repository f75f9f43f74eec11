"""`invoke drift`: what differs between an environment and this checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.drift.model import Report


@task(
    help={
        "env": "environment to look at",
        "service": "services that are meant (default: all, and what they share)",
        "markdown": "print it as Markdown, for an issue or a job's summary",
        "json": "print it as JSON",
    }
)
def drift(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    markdown: bool = False,
    json: bool = False,
) -> int:
    """Show what differs from Terraform, ledger and manifests."""
    from slipway.errors import UsageError

    if markdown and json:
        raise UsageError("drift: --markdown and --json: one at a time")
    # What would change anything, such as making a workspace, is not run.
    app = App(dry_run=True)
    report = look(app, env, service)
    show(app.console, report, as_json=json, as_markdown=markdown)
    return report.exit_code


def look(app: App, env: str, service: tuple[str, ...] = ()) -> Report:
    """What differs, also on the page of a job."""
    from slipway.ci import summary
    from slipway.drift import look as engine
    from slipway.drift.show import markdown
    from slipway.infra.apply import terraforming

    site = open_site(app, env, service)
    world = terraforming(
        app.checkout, site.settings, runner=app.runner, console=app.console, aws=site.aws
    )
    with app.console.step(f"looking at {env}"):
        report = engine.look(site, world, whole=not service)
    summary.add(markdown(report))
    return report


def show(console: Console, report: Report, *, as_json: bool, as_markdown: bool) -> None:
    """The report on stdout."""
    from slipway.drift.show import COLUMNS, document, markdown, rows, steps, total

    if as_json:
        console.json(document(report))
        return
    if as_markdown:
        console.result(markdown(report).rstrip("\n"))
        return
    if found := rows(report):
        console.table(COLUMNS, found)
    console.result(total(report))
    for step in steps(report):
        console.line(f"next: {step}")


ns = Collection(drift)
