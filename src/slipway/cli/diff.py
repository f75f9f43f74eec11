"""`invoke diff`: what lies between two releases of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.release.diff import Diff


@task(
    help={
        "env": "environment of the releases",
        "service": "service whose releases are compared",
        "from_": "the earlier release (default: the verified one before the other)",
        "to": "the later release (default: the newest)",
        "json": "print it as JSON",
    }
)
def diff(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    from_: str | None = None,
    to: str | None = None,
    json: bool = False,
) -> None:
    """Compare two releases: commits, image, revision, settings."""
    from slipway.release import diff as comparing
    from slipway.release.pick import pair

    app = App()
    site = open_site(app, env, (service,))
    before, after = pair(site, service, from_ or "", to or "")
    found = comparing.diff(site.aws, app.runner, app.checkout.root, before, after)
    if json:
        app.console.json(document(found))
    else:
        show(app.console, found)


def document(found: Diff) -> dict[str, object]:
    """What `--json` shows."""
    parts = ("image", "task_definition", "configuration")
    return {
        "from": found.before.id,
        "to": found.after.id,
        "commits": list(found.commits),
        **{
            part: {each.key: [each.before, each.after] for each in getattr(found, part)}
            for part in parts
        },
        "notes": list(found.notes),
    }


def show(console: Console, found: Diff) -> None:
    """A part after the other, those without a difference in one line."""
    console.result(f"{found.before.id} ({found.before.verdict}) -> {found.after.id}")
    part(console, "commits (> new, < left)", list(found.commits))
    part(console, "image", list(map(str, found.image)))
    part(console, "task definition", list(map(str, found.task_definition)))
    part(console, "configuration", list(map(str, found.configuration)))
    for note in found.notes:
        console.warn(note)


def part(console: Console, title: str, lines: list[str]) -> None:
    """A title with its lines."""
    console.result(f"{title}:" if lines else f"{title}: the same")
    for line in lines:
        console.result(f"  {line}")


ns = Collection(diff)
