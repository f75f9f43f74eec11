"""Puts the application together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from {{ cookiecutter.__module }} import api, {% if cookiecutter.database == "postgres" %}database, {% endif %}health, logs, metrics, {% if cookiecutter.database == "postgres" %}notes, {% endif %}problems
{%- if cookiecutter.auth == "jwt" %}
from {{ cookiecutter.__module }}.auth import Tokens
{%- endif %}
{%- if cookiecutter.cache == "redis" %}
from {{ cookiecutter.__module }}.cache import Cache
{%- endif %}
from {{ cookiecutter.__module }}.middleware import Edge
from {{ cookiecutter.__module }}.settings import Settings

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
        exception_handlers={% if cookiecutter.database == "postgres" %}{**problems.HANDLERS, **database.HANDLERS}{% else %}problems.HANDLERS{% endif %},
        responses=problems.RESPONSES,
    )
    app.state.settings = settings
    app.state.readiness = health.Readiness()
    app.state.metrics = metrics.Metrics()
{%- if cookiecutter.database == "postgres" or cookiecutter.cache == "redis" or cookiecutter.auth == "jwt" %}
    _add_dependencies(app, settings)
{%- endif %}
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
{%- if cookiecutter.database == "postgres" %}
    await app.state.database.close()
{%- endif %}
{%- if cookiecutter.cache == "redis" %}
    await app.state.cache.close()
{%- endif %}
    log.info("stopped")

{% if cookiecutter.database == "postgres" or cookiecutter.cache == "redis" or cookiecutter.auth == "jwt" %}
def _add_dependencies(app: FastAPI, settings: Settings) -> None:
    # Nothing connects before it is needed: a service starts, and is alive, without all of them.
{%- if cookiecutter.auth == "jwt" %}
    app.state.tokens = Tokens(settings)
    app.state.readiness.add("keys", app.state.tokens.ping)
{%- endif %}
{%- if cookiecutter.database == "postgres" %}
    app.state.database = database.Database(settings)
    app.state.readiness.add("database", app.state.database.ping)
{%- endif %}
{%- if cookiecutter.cache == "redis" %}
    app.state.cache = Cache(settings, app.state.metrics.registry)
    app.state.readiness.add("cache", app.state.cache.ping)
{%- endif %}

{% endif %}
def _add_routes(app: FastAPI, prefix: str) -> None:
    # The busiest first and none inside another: each router before a route costs its requests.
{%- if cookiecutter.database == "postgres" %}
    app.include_router(notes.v1, prefix=prefix)
{%- endif %}
    app.include_router(api.v1, prefix=prefix)
    app.add_api_route(prefix or "/", api.index, tags=["greetings"])
    # Load balancers keep the path and probe at the root, so health answers at both.
    for place in sorted({"", prefix}):
        app.include_router(health.router, prefix=place, include_in_schema=place == prefix)
    app.include_router(metrics.router)
