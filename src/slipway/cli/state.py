"""`invoke state.…`: the place of Terraform's state, its locks and its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import SERVICE, STACK, Stacks, check_service, reach, state_at
from slipway.cli.state_copies import ENV, backup, copy, place_of, restore
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.infra.locks import StateObject
    from slipway.infra.statestore import Described


@task(
    help={
        "env": ENV,
        "dry_run": "show what would be made or repaired, and do nothing",
        "json": "print what was made or repaired as JSON",
    }
)
def bootstrap(c: Context, *, env: str, dry_run: bool = False, json: bool = False) -> None:  # noqa: ARG001
    """Make or mend the bucket and locks of Terraform's state."""
    from slipway import names
    from slipway.infra import state

    app = App(dry_run=dry_run)
    settings, aws = reach(app, env)
    if dry_run:
        done = state.wanting(settings, aws)
        lines = [f"would set: {title}" for title in done]
    else:
        done = state.bootstrap(settings, aws, say=app.console.detail)
        lines = [f"{len(done)} things set"] if done else []
    if json:
        place = {"bucket": names.state_bucket(settings), "lock_table": names.lock_table(settings)}
        app.console.json({"environment": env, **place, "set": done, "dry_run": dry_run})
        return
    app.console.result("\n".join(lines) or "nothing to do: all is as it should be")


@task(name="list", help={"env": ENV, "json": "print it as JSON"})
def list_(c: Context, *, env: str, json: bool = False) -> None:  # noqa: ARG001
    """List an environment's states, and who holds their locks."""
    from slipway import names
    from slipway.aws import calls
    from slipway.infra import locks, state

    app = App()
    settings, aws = reach(app, env)
    state.check(settings, aws)
    with calls(f"listing the states of {env}"):
        place = names.state_bucket(settings), names.lock_table(settings)
        found = list(locks.states(env, *place, aws))
    if json:
        app.console.json([_as_json(each) for each in found])
    else:
        app.console.table(("stack", "service", "bytes", "changed", "locked by"), _rows(found))


@task(
    help={
        "env": ENV,
        "stack": STACK,
        "service": SERVICE,
        "id": "the lock's id, as the message about it gives it",
        "dry_run": "show whose lock would be removed, and do nothing",
        "json": "print the lock as JSON",
    }
)
def unlock(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    stack: Stacks,
    id: str,  # noqa: A002
    service: str | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Remove the lock with that id, whose holder is gone."""
    from dataclasses import asdict

    from slipway import names
    from slipway.aws import calls
    from slipway.infra import locks

    app = App(dry_run=dry_run)
    service = service or ""
    check_service(app, env, stack, service, "state.unlock")
    settings, aws = reach(app, env)
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    where = locks.Place(bucket, table, env, stack, service)
    with calls(f"unlocking {where}"):
        found = (locks.held if dry_run else locks.unlock)(where, id, aws)
    if json:
        app.console.json({**place_of(where), **asdict(found), "dry_run": dry_run})
        return
    app.console.result(f"{'would remove' if dry_run else 'removed'}: lock {id} of {found}")


@task(help={"env": ENV, "stack": STACK, "service": SERVICE, "json": "print it as JSON"})
def versions(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    stack: Stacks,
    service: str | None = None,
    json: bool = False,
) -> None:
    """List the versions of one state, the newest first."""
    from dataclasses import asdict

    from slipway.aws import calls
    from slipway.infra import statestore

    app = App()
    where, _, aws = state_at(app, env, stack, service or "", "state.versions")
    with calls(f"listing the versions of the state of {where}"):
        found = statestore.described(where, aws)
    if json:
        app.console.json([asdict(each) for each in found])
    else:
        columns = ("version", "changed", "serial", "resources", "bytes", "is")
        app.console.table(columns, [_version_row(each) for each in found])


def _rows(found: list[StateObject]) -> list[tuple[object, ...]]:
    return [
        (
            each.stack,
            each.service or "-",
            each.size,
            f"{each.changed:%Y-%m-%d %H:%M:%S}",
            each.lock or "-",
        )
        for each in found
    ]


def _version_row(each: Described) -> tuple[object, ...]:
    version = each.version
    what = "deleted" if version.deleted else "broken" if not each.lineage else ""
    return (
        version.id,
        f"{version.changed:%Y-%m-%d %H:%M:%S}",
        each.serial or "-",
        each.resources,
        version.size,
        what or ("current" if version.latest else "-"),
    )


def _as_json(each: StateObject) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(each)


ns = Collection(bootstrap, list_, versions, unlock, backup, restore, copy)
