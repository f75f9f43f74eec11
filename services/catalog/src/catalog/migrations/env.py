"""Runs Alembic: on the connection that `migrate` opened, or by hand on one of its own."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from catalog import database, models
from catalog.settings import Settings

METADATA = models.Base.metadata


def run(connection: Connection) -> None:
    """Each migration in a transaction of its own: what failed leaves nothing of itself."""
    context.configure(connection, target_metadata=METADATA, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def by_hand() -> None:
    """As `uv run alembic upgrade head` calls it, with the account of the settings."""
    engine = database.engine(Settings())
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif given := context.config.attributes.get("connection"):
    run(given)
else:
    asyncio.run(by_hand())
