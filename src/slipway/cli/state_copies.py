"""The tasks of `invoke state.…` that copy states: `backup`, `restore`, `copy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import SERVICE, STACK, Stacks, reach, state_at
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.infra.locks import Place
    from slipway.infra.statefile import State

ENV = "environment whose state is meant"


@task(
    help={
        "env": ENV,
        "to": "local folder for the copies (default: the folder `backup` of the state bucket)",
        "dry_run": "show what would be copied, and do nothing",
        "json": "print the states, and where the copies are, as JSON",
    }
)
def backup(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    to: str | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Copy all states of an environment into a dated folder."""
    from pathlib import Path

    from slipway import names
    from slipway.aws import calls
    from slipway.errors import UsageError
    from slipway.infra import backup as keeping
    from slipway.infra import locks, state

    app = App(dry_run=dry_run)
    settings, aws = reach(app, env)
    state.check(settings, aws)
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    shelf = keeping.InFolder(Path(to).expanduser()) if to else keeping.InBucket(bucket, aws)
    with calls(f"copying the states of {env}"):
        wheres = locks.places(env, bucket, table, aws)
        if not wheres:
            raise UsageError(f"{env} has no states to keep")
        kept = "" if dry_run else keeping.backup(env, wheres, shelf, aws)
    if json:
        copied = [place_of(where) for where in wheres]
        app.console.json({"folder": kept, "states": copied, "dry_run": dry_run})
        return
    app.console.result(kept or "\n".join(f"would copy: {where}" for where in wheres))


@task(
    help={
        "env": ENV,
        "stack": STACK,
        "service": SERVICE,
        "version": "version to put back, as state.versions lists them",
        "from_": "or the file to put back: a path, or s3://bucket/key",
        "force": "also where it is of another lineage, so not a version of this state",
        "dry_run": "show what would be put back, and do nothing",
        "json": "print the state before and after, and how to undo it, as JSON",
    }
)
def restore(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    stack: Stacks,
    service: str | None = None,
    version: str | None = None,
    from_: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Put an earlier state back, and show the plan."""
    from slipway.aws import calls
    from slipway.infra import restore as restoring
    from slipway.infra import statefile

    app = App(dry_run=dry_run)
    where, settings, aws = state_at(app, env, stack, service or "", "state.restore")
    with calls(f"restoring the state of {where}"):
        wanted = restoring.wanted(where, aws, version=version or "", file=from_ or "")
        act = restoring.look if dry_run else restoring.restore
        done = act(where, wanted, aws, force=force)
    for line in statefile.differences(done.before, done.after):
        app.console.detail(line)
    if json:
        # Before the plan: should that fail, the way back has been told.
        told = {**place_of(where), **sizes(done.before, done.after), "undo_version": done.undo}
        app.console.json({**told, "dry_run": dry_run})
    else:
        verb = "would put back" if dry_run else "put back"
        before = done.before or "none that can be read"
        app.console.result(f"{verb}: the state of {where} ({done.after}; before: {before})")
    if done.undo:
        app.console.line(f"undo: uv run invoke state.restore {where.flags} --version={done.undo}")
    if not dry_run:
        _plan(app, settings, aws, where, done.after)


@task(
    help={
        "env": ENV,
        "stack": STACK,
        "service": SERVICE,
        "from_bucket": "bucket of the other project's backend",
        "from_key": "its object there, with `env:/<workspace>/` where it has workspaces",
        "from_region": "region of that bucket (default: the environment's)",
        "from_table": "its lock table, to see whether somebody is at work there",
        "overwrite": "also where our state is not empty; a backup of it is kept",
        "dry_run": "show what would be copied, and do nothing",
        "json": "print the state before and after as JSON",
    }
)
def copy(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    stack: Stacks,
    from_bucket: str,
    from_key: str,
    service: str | None = None,
    from_region: str | None = None,
    from_table: str | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Take over a state from another project's backend."""
    from slipway.aws import calls
    from slipway.infra import adopt

    app = App(dry_run=dry_run)
    where, settings, aws = state_at(app, env, stack, service or "", "state.copy")
    source = adopt.Source(
        bucket=from_bucket, key=from_key, region=from_region or "", table=from_table or ""
    )
    with calls(f"copying {source}"):
        act = adopt.look if dry_run else adopt.adopt
        done = act(where, source, aws, overwrite=overwrite)
    if json:
        told = {**place_of(where), "source": str(source), "changed": done.changed}
        now = {**sizes(done.before, done.after), "backup": done.kept}
        app.console.json({**told, **now, "dry_run": dry_run})
    elif not done.changed:
        app.console.result(f"nothing to do: {where} has the state of {source} already")
    else:
        verb = "would copy" if dry_run else "copied"
        app.console.result(f"{verb}: {source} to {where} ({done.after}; before: {done.before})")
    if not done.changed:
        return
    if done.kept:
        app.console.line(f"the state before: {done.kept}")
    if not dry_run:
        app.console.warn(f"{source} is still there: let nobody apply it again")
        _plan(app, settings, aws, where, done.after)


def place_of(where: Place) -> dict[str, str]:
    """Which state it is, as `--json` prints it; `service` is "" for what services share."""
    return {"environment": where.environment, "stack": where.stack, "service": where.service}


def sizes(before: State | None, after: State) -> dict[str, int | None]:
    """Serial and resources of a state before (null: none that can be read) and after."""
    return {
        "serial": after.serial,
        "resources": len(after.addresses),
        "serial_before": before.serial if before else None,
        "resources_before": len(before.addresses) if before else None,
    }


def _plan(app: App, settings: Settings, aws: Aws, where: Place, found: State) -> None:
    """Show what Terraform would do now; nothing is applied."""
    from slipway.infra.apply import plan_stack, terraforming
    from slipway.infra.destroy import stack_of

    stack = stack_of(where, settings, app.checkout, image=found.image)
    world = terraforming(app.checkout, settings, runner=app.runner, console=app.console, aws=aws)
    outcome = plan_stack(stack, world, refresh=True)
    app.console.line(f"plan of {where}, which nothing has applied: {outcome.summary}")
    for line in outcome.summary.lines():
        app.console.detail(line)
