"""`invoke run`: a one-off command in a service's image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import behind, task

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.console import Console
    from slipway.run import Prepared


@task(
    name="run",
    help={
        "env": "environment to run it in",
        "service": "service whose revision, settings, secrets and role it gets",
        "cpu": "CPU units of the task, 1024 are one vCPU (default: the service's)",
        "memory": "memory of the task in MiB (default: the service's)",
        "detach": "print the task's id and leave it alone",
        "dry_run": "say what would be started, and start nothing",
    },
    remainder=True,
)
def run_(
    c: Context,
    *,
    env: str,
    service: str,
    cpu: int | None = None,
    memory: int | None = None,
    detach: bool = False,
    dry_run: bool = False,
) -> int:
    """Run a one-off command: … -- COMMAND."""
    import shlex

    from slipway.errors import UsageError
    from slipway.run import Wanted, prepare

    words = behind(c)
    if not words:
        raise UsageError(
            "run: no command",
            next_step=f"uv run invoke run --env={env} --service={service} -- python -m …",
        )
    app = App(dry_run=dry_run)
    settings, aws = reach(app, env, (service,))
    wanted = Wanted(service=service, command=words, cpu=cpu or 0, memory=memory or 0)
    prepared = prepare(aws, settings, wanted)
    if dry_run:
        changed = prepared.request["overrides"]
        size = " ".join(f"{key} {changed[key]}" for key in ("cpu", "memory") if key in changed)
        app.console.line(
            f"would run in {env}, as a task of {prepared.revision}"
            f"{f' with {size}' if size else ''}: {shlex.join(words)}"
        )
        return 0
    return started(app.console, aws, prepared, detach=detach)


def started(console: Console, aws: Aws, prepared: Prepared, *, detach: bool) -> int:
    """Start it, and unless it is detached write what it writes, to its end."""
    from slipway.run import run, start

    if detach:
        console.result(start(aws, prepared))
        return 0
    code = run(aws, prepared, write=console.result, say=console.line)
    console.line(f"the command ended with code {code}")
    return code


ns = Collection(run_)
