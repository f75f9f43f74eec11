"""`invoke jobs.…`: tasks that run to their end, listed, run now, paused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.site import open_site
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.console import Console
    from slipway.release.by_hand import Ran


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
        "json": "print how it ended as JSON; its log goes to stderr then",
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
    json: bool = False,
) -> int:
    """Run a job now, by the revision that is released."""
    from slipway.release import by_hand

    app = App(dry_run=dry_run)
    site = open_site(app, env, (service,))
    write = app.console.line if json else app.console.result
    ran = by_hand.run_now(site, job, words(c), wait=wait, dry_run=dry_run, write=write)
    show(app.console, env, ran, as_json=json)
    return ran.exit_code or 0


def show(console: Console, env: str, ran: Ran, *, as_json: bool) -> None:
    """How it ended, or what would run."""
    from dataclasses import asdict

    if as_json:
        console.json({"environment": env, **asdict(ran), "dry_run": not ran.task})
    elif not ran.task:
        console.result(f"would run, by {ran.revision}: {' '.join(ran.command)}")
    elif ran.exit_code is not None:
        console.line(f"job {ran.job} of {ran.service} ended with code {ran.exit_code}")


HELP = {
    "env": "environment",
    "service": "service whose job it is",
    "job": "the job, as service.toml calls it",
    "dry_run": "look, and do nothing",
    "json": "print what became of it as JSON",
}


@task(help=HELP)
def pause(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    job: str,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Turn a job's schedule off; deploys leave it so."""
    switch(env, service, job, on=False, dry_run=dry_run, as_json=json)


@task(help=HELP)
def resume(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    job: str,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Turn a job's schedule on again."""
    switch(env, service, job, on=True, dry_run=dry_run, as_json=json)


def switch(env: str, service: str, job: str, *, on: bool, dry_run: bool, as_json: bool) -> None:
    """Turn a schedule on or off, and say so."""
    from slipway.release import jobs

    app = App(dry_run=dry_run)
    changed = jobs.switch(open_site(app, env, (service,)), job, on=on, dry_run=dry_run)
    state, verb = ("on", "turn on") if on else ("paused", "pause")
    if as_json:
        place = {"environment": env, "service": service, "job": job}
        app.console.json({**place, "state": state, "changed": changed, "dry_run": dry_run})
    elif not changed:
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
