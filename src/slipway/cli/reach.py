"""The way from flags to settings, AWS and a state; for tasks that start nothing by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.cli.app import App
    from slipway.config import Settings
    from slipway.infra.locks import Place

STACK = "which stack's state"
SERVICE = "which service, for the stack `service`"
Stacks = Literal["registry", "platform", "service"]


def reach(app: App, env: str, services: Sequence[str] = ()) -> tuple[Settings, Aws]:
    """The settings of `services` (none named: all), and AWS: the account, or the embedded one."""
    from slipway import local
    from slipway.aws import connect
    from slipway.config import load
    from slipway.errors import ToolError

    settings = load(app.checkout, env, services)
    endpoint = None
    if settings.environment.target == "embedded":
        endpoint = local.endpoint(app.checkout, settings.local)
        if endpoint is None:
            raise ToolError("the embedded AWS does not run", next_step="uv run invoke local.up")
    aws = connect(settings.environment, endpoint=endpoint)
    if endpoint is None:
        aws.verify()
    return settings, aws


def state_at(
    app: App, env: str, stack: str, service: str, task_name: str
) -> tuple[Place, Settings, Aws]:
    """Which state is meant, and the way to it."""
    from slipway import names
    from slipway.errors import UsageError
    from slipway.infra import locks, state

    check_service(app, env, stack, service, task_name)
    settings, aws = reach(app, env)
    home = settings.environment.registry
    if stack == "registry" and home != env:
        raise UsageError(
            f"{task_name}: the registry of {env} belongs to {home}",
            next_step=f"uv run invoke {task_name} --env={home} --stack=registry …",
        )
    state.check(settings, aws)
    bucket, table = names.state_bucket(settings), names.lock_table(settings)
    return locks.Place(bucket, table, env, stack, service), settings, aws


def check_service(app: App, env: str, stack: str, service: str, task_name: str) -> None:
    """Refuse with `UsageError` a stack and a service that don't fit, or a service of no folder."""
    from slipway.config import load
    from slipway.errors import UsageError

    if (stack == "service") != bool(service):
        needs = "needs --service" if stack == "service" else "has no --service"
        raise UsageError(f"{task_name}: --stack={stack} {needs}")
    if service:
        # Names the nearest one where it is none of ours.
        load(app.checkout, env, (service,))
