"""`invoke import`: move in with a service of Copilot, ecspresso or plain ECS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.importing.report import Report


@task(
    name="import",
    help={
        "from_": "manifest, configuration or task definition, or the folder with one",
        "service": "name of the service here (default: as it is called there)",
        "format": "whose file it is; auto: as its keys say",
        "service_definition": "ECS service definition beside a task definition",
        "env_file": "NAME=VALUE lines for {{ must_env }}, std.extVar and ${NAME} in the source",
        "dry_run": "show the service.toml and the report, and write nothing",
        "json": "print what became of each key as JSON",
    },
)
def import_(
    c: Context,  # noqa: ARG001
    *,
    from_: Path,
    service: str | None = None,
    format: Literal["auto", "copilot", "ecspresso", "taskdef"] = "auto",  # noqa: A002
    service_definition: Path | None = None,
    env_file: Path | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Move in with a service of Copilot, ecspresso or plain ECS.

    Makes services/NAME/service.toml of its files, and IMPORTED.md, which says what became of each
    key of them. Nothing is written over.
    """
    from slipway.importing import apply
    from slipway.importing.sources import Request, variables
    from slipway.scaffold.service import alone

    app = App(dry_run=dry_run)
    request = Request(
        path=from_.expanduser(),
        format=format,
        service=service or "",
        service_definition=service_definition,
        variables=variables(env_file) if env_file else {},
    )
    with alone(app.checkout):
        report = apply.plan(app.checkout, request)
        if not app.dry_run:
            apply.apply(app.checkout, report)
    if json:
        app.console.json({**report.data(), "written": not app.dry_run})
    else:
        tell(app, report)


def tell(app: App, report: Report) -> None:
    """Say what was made or would be, what asks for a decision, and what comes next."""
    from slipway.importing.apply import toml
    from slipway.importing.report import decisions, markdown, summary

    if app.dry_run:
        app.console.result(toml(report.draft.values, report.source))
        app.console.result(markdown(report))
        app.console.line(f"would make services/{report.service}: {summary(report)}")
        return
    app.console.result(f"made services/{report.service}/service.toml: {summary(report)}")
    for place, why in decisions(report):
        app.console.line(f"{place}: {why}", indent=2)
    for each in report.draft.todo:
        app.console.warn(each)
    app.console.result("\n".join(following(report.service)))


def following(service: str) -> list[str]:
    """The commands that come next."""
    return [
        "",
        "next:",
        f"  read services/{service}/IMPORTED.md, then bring code and Dockerfile there",
        "  uv run invoke config --env=local",
        f"  uv run invoke deploy --env=local --service={service}",
    ]


ns = Collection(import_)
