"""Puts the application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from greeter import api, health, logs, metrics, problems
from greeter.middleware import Edge
from greeter.settings import Settings

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
        exception_handlers=problems.HANDLERS,
        responses=problems.RESPONSES,
    )
    app.state.settings = settings
    app.state.readiness = health.Readiness()
    app.state.metrics = metrics.Metrics()
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
    log.info("stopped")


def _add_routes(app: FastAPI, prefix: str) -> None:
    # The busiest first and none inside another: each router before a route costs its requests.
    app.include_router(api.v1, prefix=prefix)
    app.add_api_route(prefix or "/", api.index, tags=["greetings"])
    # Load balancers keep the path and probe at the root, so health answers at both.
    for place in sorted({"", prefix}):
        app.include_router(health.router, prefix=place, include_in_schema=place == prefix)
    app.include_router(metrics.router)
