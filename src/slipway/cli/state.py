"""`invoke state.…`: the place of Terraform's state, and its locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.infra.locks import StateObject

ENV = "environment whose state is meant"


@task(help={"env": ENV, "dry_run": "show what would be made or repaired, and do nothing"})
def bootstrap(c: Context, *, env: str, dry_run: bool = False) -> None:  # noqa: ARG001
    """Make or mend the bucket and locks of Terraform's state."""
    from slipway.infra import state

    app = App(dry_run=dry_run)
    settings, aws = _reach(app, env)
    if dry_run:
        lines = [f"would set: {title}" for title in state.wanting(settings, aws)]
    else:
        done = state.bootstrap(settings, aws, say=app.console.detail)
        lines = [f"{len(done)} things set"] if done else []
    app.console.result("\n".join(lines) or "nothing to do: all is as it should be")


@task(name="list", help={"env": ENV, "json": "print it as JSON"})
def list_(c: Context, *, env: str, json: bool = False) -> None:  # noqa: ARG001
    """List an environment's states, and who holds their locks."""
    from slipway import names
    from slipway.aws import calls
    from slipway.infra import locks, state

    app = App()
    settings, aws = _reach(app, env)
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
        "stack": "which stack's state",
        "service": "which service, for the stack `service`",
        "id": "the lock's id, as the message about it gives it",
        "dry_run": "show whose lock would be removed, and do nothing",
    }
)
def unlock(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    stack: Literal["registry", "platform", "service"],
    id: str,  # noqa: A002
    service: str | None = None,
    dry_run: bool = False,
) -> None:
    """Remove the lock with that id, whose holder is gone."""
    from slipway import names
    from slipway.aws import calls
    from slipway.infra import locks

    app = App(dry_run=dry_run)
    service = service or ""
    _check_service(app, env, stack, service)
    settings, aws = _reach(app, env)
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    where = locks.Place(bucket, table, env, stack, service)
    with calls(f"unlocking {where}"):
        found = (locks.held if dry_run else locks.unlock)(where, id, aws)
    app.console.result(f"{'would remove' if dry_run else 'removed'}: lock {id} of {found}")


def _check_service(app: App, env: str, stack: str, service: str) -> None:
    from slipway.config import load
    from slipway.errors import UsageError

    if (stack == "service") != bool(service):
        needs = "needs --service" if stack == "service" else "has no --service"
        raise UsageError(f"state.unlock: --stack={stack} {needs}")
    if service:
        # Names the nearest one where it is none of ours.
        load(app.checkout, env, (service,))


def _reach(app: App, env: str) -> tuple[Settings, Aws]:
    """The settings, and AWS as the environment says: the account, or the embedded one."""
    from slipway import local
    from slipway.aws import connect
    from slipway.config import load
    from slipway.errors import ToolError

    settings = load(app.checkout, env)
    endpoint = None
    if settings.environment.target == "embedded":
        endpoint = local.endpoint(app.checkout, settings.local)
        if endpoint is None:
            raise ToolError("the embedded AWS does not run", next_step="uv run invoke local.up")
    aws = connect(settings.environment, endpoint=endpoint)
    if endpoint is None:
        aws.verify()
    return settings, aws


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


def _as_json(each: StateObject) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(each)


ns = Collection(bootstrap, list_, unlock)
