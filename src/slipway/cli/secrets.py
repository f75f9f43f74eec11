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
    if dry_run:
        app.console.result(f"would set: {known}")
    elif secrets.put(aws, settings, service, name, value):
        app.console.result(f"set: {known}")
        app.console.line("tasks that start from now on get it; running ones keep theirs")
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

    from slipway import secrets
    from slipway.config import load

    app = App()
    chosen = load(app.checkout, env, service).services.values()
    settings, aws = reach(app, env)
    found = secrets.overview(aws, settings, chosen)
    if json:
        app.console.json([asdict(each) for each in found])
        return
    columns = ("service", "name", "value", "changed", "version")
    app.console.table(columns, [_row(each) for each in found])
    for each in found:
        if each.state != "set":
            app.console.line(f"next: {secrets.set_command(env, each.service, each.name)}")


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
