"""`template.*`: services and the template that they were made of."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.scaffold.update import Update


@task(help={"json": "print JSON, with the template's files that have changed"})
def check(c: Context, *, json: bool = False) -> int:  # noqa: ARG001
    """Say which services are behind the template.

    Exit code 1 where one is, 0 where none is.
    """
    from slipway.scaffold.check import check as look

    app = App()
    found = look(app.checkout, app.runner)
    if json:
        app.console.json([asdict(each) for each in found])
    else:
        rows = [(each.service, each.state, each.why) for each in found]
        app.console.table(("service", "template", ""), rows)
    return int(any(each.state == "behind" for each in found))


@task(
    help={
        "service": "the service to bring up to date",
        "dry_run": "say what would change, and change nothing",
        "json": "print the files and conflicts as JSON",
    }
)
def update(c: Context, *, service: str, dry_run: bool = False, json: bool = False) -> int:  # noqa: ARG001
    """Bring a service to the template's present version.

    What both changed is merged; exit code 1 where conflicts are left in files. Nothing is changed
    where the service has uncommitted changes.
    """
    from slipway.config.load import known
    from slipway.config.sources import service_folders
    from slipway.scaffold import update as updating
    from slipway.scaffold.service import alone

    app = App(dry_run=dry_run)
    names = [folder.name for folder in service_folders(app.checkout)]
    known(service, names, "service", "--service")
    with alone(app.checkout), updating.prepared(app.checkout, service, app.runner) as found:
        if not dry_run:
            updating.apply(found, app.checkout, app.runner)
    if json:
        app.console.json({**document(found), "dry_run": dry_run})
    else:
        show(app.console, found, made=not dry_run)
    return int(bool(found.conflicts))


def document(found: Update) -> dict[str, object]:
    """What `--json` prints; `from` and `to` are versions of the template, as git names its tree."""
    return {
        "service": found.service,
        "from": found.before,
        "to": found.record.tree,
        "files": [{"path": path, "change": what} for path, what in found.changes.items()],
        "conflicts": [asdict(conflict) for conflict in found.conflicts],
    }


def show(console: Console, found: Update, *, made: bool) -> None:
    """A line for each file, the conflicts, and what to do next."""
    folder = f"services/{found.service}"
    if not found.changes:
        console.result(f"{folder} is as the template has it")
        return
    console.result(f"{folder}: {'updated' if made else 'would be updated'}")
    conflicts = {conflict.path: conflict.reason for conflict in found.conflicts}
    for path, what in found.changes.items():
        console.result(f"  {what:8} {path}")
    for path, reason in conflicts.items():
        console.result(f"  conflict {path}: {reason}")
    if made:
        console.result("\n".join(next_steps(folder, found)))


def next_steps(folder: str, found: Update) -> list[str]:
    """The commands that come next, conflicts first."""
    steps = [f"git diff -- {folder}", f"uv run --directory {folder} pytest", f"git add {folder}"]
    if found.conflicts:
        steps.insert(0, "resolve what is listed as conflict (nothing of yours is lost: git has it)")
    if any(conflict.path == "pyproject.toml" for conflict in found.conflicts):
        steps.insert(1, f"uv lock --project {folder}")
    return ["", "next:", *(f"  {step}" for step in steps)]


ns = Collection(check, update)
