"""Brings the database up to date: `python -m catalog.migrate`.

A deploy runs it before each rollout, with DATABASE_SECRET_ARN and DATABASE_MASTER_SECRET_ARN: the
first run makes role and database, and writes the role's password into the service's secret. Without
them, on one's own machine, it takes the account that the settings name. A lock in PostgreSQL keeps
two runs apart; the server frees it when a run is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import database, logs
from catalog.settings import Settings, load

log = logs.get(__name__)


def main() -> int:
    """Migrate; the exit code."""
    settings = load()
    logs.configure(settings)
    try:
        asyncio.run(migrate(settings, os.environ))
    except Exception as error:
        place = f"{settings.database_host} port {settings.database_port}"
        log.error("migration failed", at=place, error=f"{type(error).__name__}: {error}")
        return 1
    return 0


async def migrate(settings: Settings, environment: Mapping[str, str]) -> None:
    """Furnish the database where the environment says with what, and run what is new."""
    own, own_arn = database.url(settings), environment.get("DATABASE_SECRET_ARN")
    if not own_arn:
        async with connected(own, settings) as connection:
            await upgrade(connection, settings)
        return
    manager = await asyncio.to_thread(_secrets_manager)
    master_arn = environment["DATABASE_MASTER_SECRET_ARN"]
    known = await asyncio.to_thread(_read, manager, own_arn)
    login = await asyncio.to_thread(_read, manager, master_arn)
    master_url = own.set(
        username=login["username"], password=login["password"], database="postgres"
    )
    async with connected(master_url, settings) as master:
        await lock(master, settings)
        account = {**await furnish(master, settings, known), "masterarn": master_arn}
        value = json.dumps(account)
        await asyncio.to_thread(manager.put_secret_value, SecretId=own_arn, SecretString=value)
        async with connected(own.set(password=account["password"]), settings) as connection:
            await upgrade(connection, settings)


@asynccontextmanager
async def connected(at: URL, settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A connection that waits as long as a migration takes; each statement is a transaction."""
    engine = database.engine(settings, at, seconds=None)
    try:
        async with engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        await engine.dispose()


async def lock(connection: AsyncConnection, settings: Settings) -> None:
    """Wait for whoever migrates this database; the lock ends with the connection."""
    statement = text("SELECT pg_advisory_lock(hashtext(:name))")
    await connection.execute(statement, {"name": settings.database_name})


async def furnish(
    master: AsyncConnection, settings: Settings, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Make role and database where they are missing; what the service's secret has to hold."""
    role, name = settings.database_username, settings.database_name
    password = known.get("password") or secrets.token_urlsafe(32)
    if not await _has(master, "SELECT 1 FROM pg_roles WHERE rolname = :name", role):
        await _run(master, "CREATE ROLE %I LOGIN", role)
        await _run(master, "GRANT %I TO CURRENT_USER", role)
    await _run(master, "ALTER ROLE %I PASSWORD %L", role, password)
    if not await _has(master, "SELECT 1 FROM pg_database WHERE datname = :name", name):
        await _run(master, "CREATE DATABASE %I OWNER %I", name, role)
    place = {
        "engine": "postgres",
        "host": settings.database_host,
        "port": settings.database_port,
        "dbname": name,
    }
    return {**known, **place, "username": role, "password": password}


async def upgrade(connection: AsyncConnection, settings: Settings) -> None:
    """Run the migrations that are new, each in a transaction; one run at a time."""
    await lock(connection, settings)
    await connection.commit()  # the lock is the session's, and stays
    plain = await connection.execution_options(isolation_level="READ COMMITTED")
    await plain.run_sync(_alembic)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, the same wherever the program is started."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _alembic(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")


async def _has(connection: AsyncConnection, query: str, name: str) -> bool:
    return await connection.scalar(text(query), {"name": name}) is not None


async def _run(connection: AsyncConnection, template: str, *words: str) -> None:
    """Run a statement that takes no parameters; the server itself quotes the words."""
    values = {f"word{number}": word for number, word in enumerate(words)}
    places = ", ".join(f"CAST(:{name} AS text)" for name in values)
    statement = await connection.scalar(
        text(f"SELECT format(CAST(:template AS text), {places})"),
        {"template": template, **values},
    )
    await connection.exec_driver_sql(str(statement))


def _secrets_manager() -> Any:
    import botocore.session

    return botocore.session.get_session().create_client("secretsmanager")


def _read(manager: Any, arn: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    return value


if __name__ == "__main__":
    sys.exit(main())
