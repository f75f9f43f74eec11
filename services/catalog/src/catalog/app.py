"""Puts the application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from catalog import api, database, health, logs, metrics, problems, products, welcome
from catalog.auth import Tokens
from catalog.cache import Cache
from catalog.middleware import Edge
from catalog.settings import Settings

log = logs.get(__name__)


def create_app(settings: Settings) -> FastAPI:
    """The application for `settings`; nothing is shared between two of them."""
    prefix = settings.route_path
    app = FastAPI(
        title=settings.service_name,
        version=settings.service_version,
        docs_url=f"{prefix}/docs",
        openapi_url=f"{prefix}/openapi.json",
        redoc_url=None,
        lifespan=lifespan,
        exception_handlers={**problems.HANDLERS, **database.HANDLERS},
        responses=problems.RESPONSES,
    )
    app.state.settings = settings
    app.state.readiness = health.Readiness()
    app.state.metrics = metrics.Metrics()
    _add_dependencies(app, settings)
    _add_routes(app, prefix)
    app.add_middleware(
        Edge, settings=settings, readiness=app.state.readiness, metrics=app.state.metrics
    )
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What is open from before the first request until after the last one."""
    log.info("started", environment=app.state.settings.environment)
    yield
    await app.state.database.close()
    await app.state.cache.close()
    await app.state.greeter.close()
    log.info("stopped")


def _add_dependencies(app: FastAPI, settings: Settings) -> None:
    # Nothing connects before it is needed: a service starts, and is alive, without all of them.
    app.state.tokens = Tokens(settings)
    app.state.readiness.add("keys", app.state.tokens.ping)
    app.state.database = database.Database(settings)
    app.state.readiness.add("database", app.state.database.ping)
    app.state.cache = Cache(settings, app.state.metrics.registry)
    app.state.readiness.add("cache", app.state.cache.ping)
    # Not asked by /ready: without it a welcome lacks its greeting, and all else works.
    app.state.greeter = welcome.Greeter(settings)


def _add_routes(app: FastAPI, prefix: str) -> None:
    # The busiest first and none inside another: each router before a route costs its requests.
    app.include_router(products.v1, prefix=prefix)
    app.include_router(welcome.v1, prefix=prefix)
    app.include_router(api.v1, prefix=prefix)
    app.add_api_route(prefix or "/", api.index, tags=["greetings"])
    # Load balancers keep the path and probe at the root, so health answers at both.
    for place in sorted({"", prefix}):
        app.include_router(health.router, prefix=place, include_in_schema=place == prefix)
    app.include_router(metrics.router)
