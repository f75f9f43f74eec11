"""`invoke clean`: what nothing needs any more goes, after it was shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.clean.plan import Item
    from slipway.console import Console

COLUMNS = ("kind", "of", "which", "made", "MB")


@task(
    help={
        "env": "environment whose things are meant, and whose registry",
        "older_than": "how old they are at least: a number of days, hours or weeks (30d, 12h, 2w)",
        "keep": "how many of the newest stay in any case, of each repository, family and state",
        "images": "images; without any of these four, all of them",
        "revisions": "revisions of task definitions",
        "state_versions": "earlier versions of Terraform's states",
        "workspaces": "states without resources",
        "yes": "do not ask; for CI",
        "dry_run": "show what would go and why the rest stays, and do nothing",
        "json": "print everything, with why it stays, as JSON",
    }
)
def clean(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    older_than: str = "30d",
    keep: int = 10,
    images: bool = False,
    revisions: bool = False,
    state_versions: bool = False,
    workspaces: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Remove images, revisions and states that nothing needs."""
    from slipway.clean import apply
    from slipway.clean.look import KINDS
    from slipway.clean.plan import Rules, duration, going
    from slipway.errors import UsageError

    if keep < 1:
        raise UsageError(f"clean: --keep={keep}: at least 1")
    rules = Rules(age=duration(older_than), keep=keep)
    switches = (images, revisions, state_versions, workspaces)
    chosen = tuple(kind for kind, on in zip(KINDS, switches, strict=True) if on) or KINDS
    app = App(dry_run=dry_run)
    site = open_site(app, env)
    items = apply.planned(site, chosen, rules)
    show(app.console, items, as_json=json)
    if dry_run or not going(items):
        return
    confirm(app.console, env, len(going(items)), yes=yes)
    gone = apply.clean(site, items, chosen, rules)
    app.console.line(f"removed: {counted(gone) or 'nothing'}")


def show(console: Console, items: Sequence[Item], *, as_json: bool) -> None:
    """What goes, and why the rest stays."""
    from dataclasses import asdict

    from slipway.clean.plan import going, kept

    if as_json:
        console.json([{**asdict(each), "goes": not each.stays} for each in items])
        return
    found = going(items)
    if found:
        console.table(COLUMNS, [_row(each) for each in found])
    console.result(f"to remove: {counted(found) or 'nothing'}")
    for line in kept(items):
        console.line(line)


def confirm(console: Console, env: str, number: int, *, yes: bool) -> None:
    """Return if it was allowed or is now; raises `UsageError` otherwise."""
    from slipway.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "clean: nobody is there to ask; nothing was removed", next_step="add --yes"
        )
    console.warn(f"what is removed of {env} can't be brought back")
    sys.stderr.write(f"remove these {number}? type yes: ")
    sys.stderr.flush()
    typed = sys.stdin.readline().strip()
    if typed != "yes":
        raise UsageError(f"clean: {typed or 'nothing'} was typed, not yes; nothing was removed")


def counted(items: Sequence[Item]) -> str:
    """How many of each kind, and how much of the registry that is."""
    from collections import Counter

    counts = Counter(each.kind for each in items)
    told = ", ".join(f"{number} {kind}s" for kind, number in counts.items())
    size = sum(each.size for each in items if each.kind == "image")
    return f"{told} ({size / 1e6:.0f} MB of images)" if size else told


def _row(each: Item) -> tuple[object, ...]:
    size = f"{each.size / 1e6:.1f}" if each.size else "-"
    which = each.label or each.id[:19]
    return each.kind, each.place, which, f"{each.made:%Y-%m-%d}", size


ns = Collection(clean)
