"""The database: connections, transactions, and what happens when it is away."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request, Response
from sqlalchemy import URL, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from catalog import logs, problems
from catalog.settings import Settings

log = logs.get(__name__)

CONNECT_SECONDS = 5.0
QUERY_SECONDS = 20.0
"""Less than a request may take, so that the reason is told."""


def url(settings: Settings) -> URL:
    """Where the database is, and as whom."""
    return URL.create(
        "postgresql+asyncpg",
        username=settings.database_username,
        password=settings.database_password.get_secret_value(),
        host=settings.database_host,
        port=settings.database_port,
        database=settings.database_name,
    )


def engine(
    settings: Settings, at: URL | None = None, seconds: float | None = QUERY_SECONDS
) -> AsyncEngine:
    """Connections to the service's own database, or to another one; opened when first needed.

    A statement may take `seconds`; None is without an end.
    """
    return create_async_engine(
        at or url(settings),
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,  # a restart or failover closes what is in the pool
        connect_args={
            "ssl": "prefer" if settings.is_local else "require",
            "timeout": CONNECT_SECONDS,
            "command_timeout": seconds,
            "server_settings": {"application_name": settings.service_name},
        },
    )


class Database:
    """The connections of one application."""

    def __init__(self, settings: Settings) -> None:
        self._engine = engine(settings)
        self.sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def ping(self) -> None:
        """Raise when it does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Leave no connection behind."""
        await self._engine.dispose()


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """A transaction: committed when the endpoint returns, rolled back when it raises."""
    async with request.app.state.database.sessions.begin() as found:
        yield found


# Ended before the answer is sent, or a client could hear of success before a commit fails.
Session = Annotated[AsyncSession, Depends(session, scope="function")]


async def _away(_: Request, error: Exception) -> Response:
    log.warning("the database does not answer", error=repr(error))
    return problems.answer(503, "the database does not answer", {"Retry-After": "5"})


AWAY = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError, socket.gaierror)

HANDLERS: dict[int | type[Exception], problems.Handler] = dict.fromkeys(AWAY, _away)
"""A database that is away is no error of the service, and over soon."""
