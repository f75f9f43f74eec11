"""`invoke secrets.…`: values of secrets go in, and never come out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from slipway.cli.app import App
from slipway.cli.reach import reach
from slipway.cli.task import task

if TYPE_CHECKING:
    from slipway.aws import Aws
    from slipway.config import Settings
    from slipway.console import Console
    from slipway.secret_users import Users
    from slipway.secrets import Secret


@task(
    name="set",
    help={
        "env": "environment that gets the value",
        "service": "service whose secret it is",
        "name": "the secret, as service.toml declares it",
        "from_file": "file that holds the value (default: stdin, or a hidden prompt)",
        "keep_newline": "keep a newline at the end, which is left out otherwise",
        "dry_run": "read and check the value, and do nothing",
        "json": "print what was set, and who has to restart, as JSON",
    },
)
def set_(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: str,
    name: str,
    from_file: Path | None = None,
    keep_newline: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Give a secret its value: stdin, file or prompt."""
    from slipway import secrets
    from slipway.config import load

    app = App(dry_run=dry_run)
    # Before the value is asked for: nobody should type one for nothing.
    secrets.declared(load(app.checkout, env, (service,)).services[service], name)
    settings, aws = reach(app, env)
    value = secrets.text(
        read(from_file, f"{name} of {service} in {env}"), keep_newline=keep_newline
    )
    known = f"{name} of {service} in {env} ({len(value)} characters)"
    changed = None if dry_run else secrets.put(aws, settings, service, name, value)
    now = None if dry_run else secrets.look(aws, settings, service, name)
    if json:
        place = {"environment": env, "service": service, "name": name, "characters": len(value)}
        found = users(app.console, aws, settings, now) if now else None
        app.console.json({**place, "changed": changed, **document(now, found), "dry_run": dry_run})
    elif now is None:
        app.console.result(f"would set: {known}")
    elif changed:
        app.console.result(f"set: {known}, version {now.version}")
        tell_users(app.console, aws, settings, now)
    else:
        app.console.result(f"nothing to do: {known} has this value already")


@task(
    name="list",
    help={
        "env": "environment",
        "service": "services whose secrets are meant (default: all)",
        "json": "print it as JSON",
    },
)
def list_(
    c: Context,  # noqa: ARG001
    *,
    env: str,
    service: tuple[str, ...] = (),
    json: bool = False,
) -> None:
    """List secrets and which are set, never values."""
    from dataclasses import asdict

    from slipway import secret_users, secrets
    from slipway.config import load

    app = App()
    chosen = load(app.checkout, env, service).services.values()
    settings, aws = reach(app, env)
    listed = secrets.overview(aws, settings, chosen)
    tasks = secret_users.started(aws, settings, {each.service for each in listed})
    found = secret_users.table(listed, tasks)
    if json:
        app.console.json([{**asdict(each), **asdict(used)} for each, used in found])
        return
    columns = ("service", "name", "value", "changed", "version", "running tasks")
    app.console.table(columns, [(*_row(each), used) for each, used in found])
    for each in listed:
        if each.state != "set":
            app.console.line(f"next: {secrets.set_command(env, each.service, each.name)}")
    if behind := secret_users.to_restart(found):
        app.console.line(f"next: {secret_users.restart_command(env, behind)}")


def document(now: Secret | None, used: Users | None) -> dict[str, object]:
    """What `--json` tells of a value that is in: its version, and who has to restart for it.

    What is not known is null: of the tasks where nobody may look at them, all of it in a dry run.
    """
    return {
        "version": now.version if now else None,
        "tasks": used.tasks if used else None,
        "outdated": used.outdated if used else None,
        "restart": [now.service] * bool(used.outdated) if now and used else None,
    }


def users(console: Console, aws: Aws, settings: Settings, secret: Secret) -> Users | None:
    """The tasks that have a value or an earlier one; None, and a warning, where it is not known."""
    from slipway import secret_users
    from slipway.errors import SlipwayError

    try:
        tasks = secret_users.started(aws, settings, [secret.service])
    except SlipwayError as error:
        console.warn(f"the value is set; which tasks have an earlier one is not known: {error}")
        return None
    return secret_users.users(tasks[secret.service], secret.changed)


def tell_users(console: Console, aws: Aws, settings: Settings, secret: Secret) -> None:
    """Which tasks have to restart to get a value, and how; the value is in already."""
    from slipway import secret_users

    environment, service = settings.environment.name, secret.service
    used = users(console, aws, settings, secret)
    if used is None:
        return
    if not used.tasks:
        console.line(f"no task of {service} runs; those that start get it")
        return
    console.line(f"{used.tasks} running tasks of {service} keep the value that they started with")
    console.line(f"next: {secret_users.restart_command(environment, [service])}")


def read(file: Path | None, what: str) -> bytes:
    """The value as it was given; it is not shown while it is typed."""
    from slipway.errors import UsageError

    try:
        if file:
            return file.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"value of {what} (hidden): ").encode()
    return sys.stdin.buffer.read()


def _row(each: Secret) -> tuple[object, ...]:
    changed = f"{each.changed:%Y-%m-%d %H:%M:%S}" if each.changed else "-"
    return each.service, each.name, each.state, changed, each.version or "-"


ns = Collection(set_, list_)
