"""`invoke destroy`: an environment goes, after its name was typed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.infra.apply import Planned
    from slipway.infra.destroy import Doomed
    from slipway.infra.remains import Remains


@task(
    help={
        "env": "environment to destroy",
        "yes": "the environment's name once more, instead of typing it; for CI",
        "registry": "its image repositories as well, with all images",
        "snapshots": "keep a last snapshot of each database",
        "dry_run": "show what would be destroyed, and do nothing",
        "json": "print what was destroyed, and what remains, as JSON",
    }
)
def destroy(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    yes: str | None = None,
    registry: bool = False,
    snapshots: bool = True,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Destroy services and platform of an environment."""
    from slipway.aws import calls
    from slipway.errors import UsageError
    from slipway.infra import destroy as ending
    from slipway.infra import state
    from slipway.infra.apply import terraforming
    from slipway.infra.remains import remains

    if yes is not None and yes != env:
        raise UsageError(f"destroy: --yes={yes} is not --env={env}; nothing was destroyed")
    app = App(dry_run=dry_run)
    settings, aws = reach(app, env)
    ending.refuse(settings, registry=registry)
    with calls(f"looking at {env}"):
        doomed = ending.find(settings, app.checkout, aws, registry=registry)
        if blockers := ending.in_the_way(settings, doomed, aws):
            raise ending.blocked(env, blockers)
        if registry and (users := ending.users_of_registry(settings, aws)):
            raise UsageError(f"{' and '.join(users)} take images from the registry of {env}")
        lost = ending.images(settings, aws) if registry else 0
    kept: list[str] = []
    if doomed:
        state.check(settings, aws)
        world = terraforming(
            app.checkout, settings, runner=app.runner, console=app.console, aws=aws
        )
        confirm = partial(confirmed, env, yes, lost, app.console)
        kept = ending.destroy(settings, doomed, world, confirm, keep=snapshots)
    with calls(f"looking at what remains of {env}"):
        left = remains(settings, aws, registry=registry)
    if json:
        app.console.json({**document(doomed, left, kept), "dry_run": dry_run})
    else:
        tell(app.console, doomed, left, kept, dry_run=dry_run)


def document(
    doomed: Sequence[Doomed], left: Remains, snapshots: Sequence[str]
) -> dict[str, object]:
    """What `--json` prints; `stacks` is empty where there was nothing to destroy."""
    stacks = [
        {"stack": e.where.stack, "service": e.where.service, "resources": len(e.state.addresses)}
        for e in doomed
    ]
    return {**asdict(left), "stacks": stacks, "snapshots": snapshots}


def tell(
    console: Console,
    doomed: Sequence[Doomed],
    left: Remains,
    snapshots: Sequence[str],
    *,
    dry_run: bool,
) -> None:
    """What was destroyed, or would be, and what remains."""
    labels = [each.stack.label for each in doomed]
    console.result(_told(left.environment, labels, dry_run=dry_run))
    lines = left.lines
    if snapshots:
        lines.append(f"the last snapshots of its databases: {', '.join(snapshots)}")
    for line in lines:
        console.line(f"remains: {line}")


def confirmed(
    env: str, yes: str | None, images: int, console: Console, plans: Sequence[Planned]
) -> None:
    """Return if the name was given or is typed now; raises `UsageError` otherwise."""
    from slipway.errors import UsageError

    lost = [str(each) for plan in plans for each in plan.summary.stateful_losses]
    if lost or images:
        held = f", and {images} images" if images else ""
        console.warn(f"what they hold is lost: {len(lost)} that hold data{held}")
        for line in lost:
            console.detail(line)
    if yes == env:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"destroy: nobody is there to type {env}; nothing was destroyed",
            next_step=f"add --yes={env}",
        )
    console.warn("services stop serving at once; their tasks drain before they end")
    sys.stderr.write(f"type {env} to destroy it: ")
    sys.stderr.flush()
    typed = sys.stdin.readline().strip()
    if typed != env:
        raise UsageError(
            f"destroy: {typed or 'nothing'} was typed, not {env}; nothing was destroyed"
        )


def _told(env: str, labels: Sequence[str], *, dry_run: bool) -> str:
    if not labels:
        return f"nothing to destroy: no state of {env} knows of anything"
    return f"{'would destroy' if dry_run else 'destroyed'} in {env}: {', '.join(labels)}"


ns = Collection(destroy)
