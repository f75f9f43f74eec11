"""`local.*`: the embedded AWS by hand; `deploy` starts it by itself."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.config import Local
    from slipway.console import Console
    from slipway.local import LocalStatus
    from slipway.paths import Checkout


DRY_RUN = "show what it would do, and do nothing"


@task(help={"dry_run": DRY_RUN, "json": "print where it answers as JSON"})
def up(c: Context, *, dry_run: bool = False, json: bool = False) -> None:  # noqa: ARG001
    """Start the embedded AWS unless it runs; prints its endpoint."""
    from slipway import local

    app = App(dry_run=dry_run)
    settings = _settings(app.checkout)
    with app.console.step("embedded AWS") as step:
        started = local.endpoint(app.checkout, settings) is None
        step.outcome = url = local.up(app.checkout, settings, app.runner, app.console)
    if json:
        place = {"url": url, "port": settings.port}
        app.console.json({**place, "started": started, "dry_run": dry_run})
    else:
        app.console.result(url)


@task(help={"dry_run": DRY_RUN, "json": "print whether it ran as JSON"})
def down(c: Context, *, dry_run: bool = False, json: bool = False) -> None:  # noqa: ARG001
    """Stop the embedded AWS and its containers; keep its state."""
    from slipway import local

    app = App(dry_run=dry_run)
    settings = _settings(app.checkout)
    ran = json and runs(app.checkout, settings)
    with app.console.step("stop the embedded AWS"):
        local.down(app.checkout, settings, app.runner)
    if json:
        app.console.json({"stopped": ran, "dry_run": dry_run})


@task(help={"json": "print it as JSON"})
def status(c: Context, *, json: bool = False) -> int:  # noqa: ARG001
    """Show whether the embedded AWS runs, and what runs in it.

    Exits with 1 where it does not run.
    """
    from slipway import local

    app = App()
    found = local.status(app.checkout, _settings(app.checkout))
    if json:
        app.console.json(asdict(found))
    else:
        app.console.result("\n".join(lines(found)))
    return 0 if found.running else 1


@task(
    help={
        "yes": "don't ask",
        "dry_run": DRY_RUN,
        "json": "print whether it ran, and whether there was anything to forget, as JSON",
    }
)
def reset(
    c: Context,  # noqa: ARG001
    *,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Stop the embedded AWS and forget everything in it.

    That is resources, images, and Terraform's state.
    """
    from slipway import local

    app = App(dry_run=dry_run)
    if not (yes or dry_run):
        _confirm(app.checkout)
    settings, there = _settings(app.checkout), local.folder(app.checkout).exists()
    ran = json and runs(app.checkout, settings)
    with app.console.step("forget the embedded AWS"):
        local.reset(app.checkout, settings, app.runner)
    if json:
        app.console.json({"stopped": ran, "forgotten": there, "dry_run": dry_run})


@task(help={"follow": "go on as it grows, until Ctrl-C", "lines": "how many to begin with"})
def logs(c: Context, *, follow: bool = False, lines: int = 50) -> None:  # noqa: ARG001
    """Show the log of the embedded AWS itself."""
    from slipway import local
    from slipway.errors import ToolError

    app = App()
    path = local.log_path(app.checkout)
    if not path.exists():
        raise ToolError(
            f"no log yet: {app.checkout.shown(path)}", next_step="uv run invoke local.up"
        )
    _tail(path, lines, app.console, follow=follow)


def runs(checkout: Checkout, settings: Local) -> bool:
    """Whether there is an instance to stop, on its port or another; refuses nothing."""
    from slipway import local
    from slipway.errors import ToolError

    try:
        # A container outlives the client that started it, and so the note of that.
        return bool(local.noted(checkout) or local.endpoint(checkout, settings))
    except ToolError:
        return False


def lines(found: LocalStatus) -> list[str]:
    """A status as a user reads it."""
    if not found.running:
        return [f"not running (it would answer on {found.endpoint})", f"log: {found.log}"]
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.started))
    where = f"container {found.container}" if found.container else f"pid {found.pid}"
    return [
        f"running on {found.endpoint}  ({where}, since {began})",
        f"engine: {found.engine}",
        f"running tasks: {found.tasks}",
        *(
            f"load balancer {name}: {', '.join(urls) or 'no listener'}"
            for name, urls in found.load_balancers.items()
        ),
        *(f"problem: {problem}" for problem in found.problems),
        *([] if found.current else ["older than its code: uv run invoke local.down local.up"]),
        f"log: {found.log}",
    ]


def _settings(checkout: Checkout) -> Local:
    from slipway.config.load import load_local

    return load_local(checkout)


def _confirm(checkout: Checkout) -> None:
    import sys

    from slipway.errors import UsageError

    next_step = "uv run invoke local.reset --yes"
    if not sys.stdin.isatty():
        raise UsageError("local.reset deletes everything in the embedded AWS", next_step=next_step)
    sys.stderr.write(
        f"this deletes everything in the embedded AWS of {checkout.root}; sure? [y/N] "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was deleted", next_step=next_step)


def _tail(path: Path, count: int, console: Console, *, follow: bool) -> None:
    with path.open(errors="replace") as file:
        for line in deque(file, maxlen=max(count, 0)):
            console.result(line.rstrip("\n"))
        while follow:
            line = file.readline()
            if line:
                console.result(line.rstrip("\n"))
            else:
                time.sleep(0.3)


ns = Collection(up, down, status, reset, logs)
