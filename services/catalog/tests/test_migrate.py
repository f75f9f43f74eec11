"""Migrations; those that need a database run where DATABASE_HOST is given."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from catalog import database, logs, migrate
from catalog.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]

TABLE = "products"


def test_they_follow_each_other() -> None:
    """Two that follow the same one would stop the next deploy."""
    assert len(ScriptDirectory.from_config(migrate.configuration()).get_heads()) == 1


def test_they_make_the_tables() -> None:
    """As statements, which need no database."""
    config, out = migrate.configuration(), io.StringIO()
    config.output_buffer = out
    with redirect_stdout(out):
        command.upgrade(config, "head", sql=True)
        command.downgrade(config, "head:base", sql=True)
    assert f"CREATE TABLE {TABLE}" in out.getvalue()
    assert f"DROP TABLE {TABLE}" in out.getvalue()


def test_a_database_that_does_not_answer_is_one_line(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, and where it was looked for."""
    monkeypatch.setenv("DATABASE_PORT", "1")
    monkeypatch.setattr(logs, "configure", lambda _: None)
    assert migrate.main() == 1
    (line,) = lines("migration failed")
    assert line["at"] == "127.0.0.1 port 1"


def test_tables_are_what_the_models_say(server: Callable[[str], Settings]) -> None:
    """A model that was changed without a migration is found here."""
    settings = server("DATABASE_HOST")

    def check(connection: Connection) -> None:
        command.check(migrate.configuration(connection))

    async def both() -> None:
        await migrate.migrate(settings, {})
        await migrate.migrate(settings, {})
        async with migrate.connected(database.url(settings), settings) as connection:
            await connection.run_sync(check)

    asyncio.run(both())


class Manager:
    """Stands in for Secrets Manager."""

    def __init__(self, **values: dict[str, Any]) -> None:
        self.values = {name: json.dumps(value) for name, value in values.items()}

    def get_secret_value(self, **asked: str) -> dict[str, str]:
        return {"SecretString": self.values[asked["SecretId"]]}

    def put_secret_value(self, **given: str) -> None:
        self.values[given["SecretId"]] = given["SecretString"]


def test_the_first_run_makes_role_and_database(
    server: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once: both end well, and the secret holds an account that works."""
    given = server("DATABASE_HOST")
    name = 'odd "name"'
    settings = given.model_copy(update={"database_name": name, "database_username": name})
    login = {
        "username": given.database_username,
        "password": given.database_password.get_secret_value(),
    }
    manager = Manager(own={"engine": "postgres", "password": ""}, master=login)
    monkeypatch.setattr(migrate, "_secrets_manager", lambda: manager)
    arns = {"DATABASE_SECRET_ARN": "own", "DATABASE_MASTER_SECRET_ARN": "master"}

    async def run() -> None:
        server_url = database.url(given).set(database="postgres")
        async with migrate.connected(server_url, given) as master:
            if not await master.scalar(
                text("SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user")
            ):
                pytest.skip("the given account may not make others")
            try:
                await asyncio.gather(*(migrate.migrate(settings, arns) for _ in range(2)))
                account = json.loads(manager.values["own"])
                own = database.url(settings).set(password=account["password"])
                async with migrate.connected(own, settings) as connection:
                    assert await connection.scalar(text(f"SELECT count(*) FROM {TABLE}")) == 0
            finally:
                await master.execute(text('DROP DATABASE IF EXISTS "odd ""name"""'))
                await master.execute(text('DROP ROLE IF EXISTS "odd ""name"""'))

    asyncio.run(run())
    account = json.loads(manager.values["own"])
    assert account["masterarn"] == "master"
    assert (account["username"], account["dbname"]) == (name, name)
