"""`invoke exec`: a shell or a command in a running task."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import behind, task


@task(
    name="exec",
    help={
        "env": "environment of the service",
        "service": "service to enter",
        "task": "which of its tasks, by its id or the beginning of it (default: the newest)",
        "dry_run": "say which task would be entered, and enter none",
    },
    remainder=True,
)
def exec_(
    c: Context, *, env: str, service: str, task: str | None = None, dry_run: bool = False
) -> int:
    """Open a shell in a running task, or run: … -- COMMAND."""
    import shlex

    from slipway.errors import UsageError
    from slipway.exec.run import execute, find, shell
    from slipway.exec.terminal import standard

    words, app, streams = behind(c), App(), standard()
    if not words and not streams.interactive and not dry_run:
        raise UsageError(
            "exec: a shell needs a terminal",
            next_step=f"uv run invoke exec --env={env} --service={service} -- COMMAND",
        )
    settings, aws = reach(app, env, (service,))
    entrance = find(aws, settings, service, task or "")
    if dry_run:
        app.console.line(f"would enter task {entrance.task}: {shlex.join(words) or 'a shell'}")
        return 0
    if words:
        return execute(aws, entrance, words, streams)
    app.console.line(f"task {entrance.task} of {service} in {env}; exit or Ctrl-D leaves")
    return shell(aws, app.runner, entrance, streams)


ns = Collection(exec_)
