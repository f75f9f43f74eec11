"""`invoke affected`: the services that are others than at some commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.release.affected import Comparison


@task(
    help={
        "base": "commit, branch or tag to compare the working tree with",
        "why": "say what differs",
        "json": "print JSON, which always says what differs",
    }
)
def affected(
    c: Context,  # noqa: ARG001
    *,
    base: str,
    why: bool = False,
    json: bool = False,
) -> None:
    """List the services that differ from a commit, and why."""
    from slipway.release.affected import compare

    app = App()
    found = compare(app.checkout, base, app.runner)
    if json:
        app.console.json(as_data(found))
    else:
        show(app.console, found, why=why)


def show(console: Console, found: Comparison, *, why: bool) -> None:
    """A line for each service, and below it what differs."""
    for each in found.affected:
        console.result(each.name)
        for line in each.why if why else ():
            console.result(f"  {line}")
    if not found.affected:
        console.line(f"no service differs from {found.base[:12]}")
    for name in found.removed:
        console.line(f"{name} is there no more; what runs of it is ended by invoke destroy")


def as_data(found: Comparison) -> dict[str, object]:
    """The same for programs."""
    return {
        "base": found.base,
        "affected": [{"service": each.name, "why": list(each.why)} for each in found.affected],
        "removed": list(found.removed),
    }


ns = Collection(affected)
