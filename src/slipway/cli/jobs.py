"""`invoke jobs.…`: tasks that run to their end, listed, run now, paused."""

from __future__ import annotations

import sys

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task


@task(
    name="list",
    help={
        "env": "environment whose jobs are meant",
        "service": "services whose jobs are meant (default: all)",
        "json": "print all that is known of them as JSON",
    },
)
def list_(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """List jobs: when they run next, and how they went."""
    from slipway.release import jobs

    app = App()
    found = jobs.overview(open_site(app, env, service))
    if json:
        app.console.json([each.document for each in found])
        return
    app.console.table(jobs.COLUMNS, [each.row for each in found])


@task(
    remainder=True,
    help={
        "env": "environment to run it in",
        "service": "service whose job it is",
        "job": "the job, as service.toml calls it; words behind `--` are added to its command",
        "wait": "show its log and exit with its code",
        "dry_run": "say what would run, and do nothing",
    },
)
def run(
    c: Context,
    *,
    env: str,
    service: str,
    job: str,
    wait: bool = True,
    dry_run: bool = False,
) -> int:
    """Run a job now, by the revision that is released."""
    from slipway.release import jobs

    app = App(dry_run=dry_run)
    site = open_site(app, env, (service,))
    ended = jobs.run_now(site, job, words(c), wait=wait, dry_run=dry_run)
    if ended is None:
        return 0
    app.console.line(f"job {job} of {service} ended with code {ended.exit_code}")
    return ended.exit_code or 0


HELP = {
    "env": "environment",
    "service": "service whose job it is",
    "job": "the job, as service.toml calls it",
    "dry_run": "look, and do nothing",
}


@task(help=HELP)
def pause(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    job: str,
    dry_run: bool = False,
) -> None:
    """Turn a job's schedule off; deploys leave it so."""
    switch(env, service, job, on=False, dry_run=dry_run)


@task(help=HELP)
def resume(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    job: str,
    dry_run: bool = False,
) -> None:
    """Turn a job's schedule on again."""
    switch(env, service, job, on=True, dry_run=dry_run)


def switch(env: str, service: str, job: str, *, on: bool, dry_run: bool) -> None:
    """Turn a schedule on or off, and say so."""
    from slipway.release import jobs

    app = App(dry_run=dry_run)
    changed = jobs.switch(open_site(app, env, (service,)), job, on=on, dry_run=dry_run)
    state, verb = ("on", "turn on") if on else ("paused", "pause")
    if not changed:
        app.console.result(f"nothing to do: job {job} of {service} is {state} already")
    elif dry_run:
        app.console.result(f"would {verb}: job {job} of {service}")
    else:
        app.console.result(f"job {job} of {service} is {state}")


def words(c: Context) -> tuple[str, ...]:
    """What stands behind `--`, each word as the shell gave it: Invoke joins them by spaces."""
    if not c.remainder or "--" not in sys.argv:
        return tuple(c.remainder.split())
    return tuple(sys.argv[sys.argv.index("--") + 1 :])


ns = Collection(list_, run, pause, resume)
