"""Puts the application together."""

from __future__ import annotations

from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from {{ cookiecutter.__module }} import api, health
from {{ cookiecutter.__module }}.middleware import AccessLog, CloseWhileDraining
from {{ cookiecutter.__module }}.settings import Settings

REQUEST_ID = "X-Request-ID"


def create_app(settings: Settings) -> FastAPI:
    """The application for `settings`; nothing is shared between two of them."""
    prefix = settings.route_path
    app = FastAPI(
        title=settings.service_name,
        version=settings.service_version,
        docs_url=f"{prefix}/docs",
        openapi_url=f"{prefix}/openapi.json",
        redoc_url=None,
        exception_handlers={Exception: _server_error},
    )
    app.state.settings = settings
    app.state.readiness = health.Readiness()
    _add_routes(app, prefix)
    _add_metrics(app)
    _add_middleware(app)
    return app


def _add_routes(app: FastAPI, prefix: str) -> None:
    # Load balancers keep the path and probe at the root, so health answers at both.
    for place in sorted({"", prefix}):
        app.include_router(health.router, prefix=place, include_in_schema=place == prefix)
    app.include_router(api.routes(prefix))


def _add_metrics(app: FastAPI) -> None:
    instrumentator = Instrumentator(
        should_group_status_codes=False,
        excluded_handlers=["/metrics", ".*/health", ".*/ready"],
        registry=CollectorRegistry(),
    )
    instrumentator.instrument(app).expose(app, include_in_schema=False)


def _add_middleware(app: FastAPI) -> None:
    # The last one added is the outermost: a request gets its id before anything else.
    app.add_middleware(CloseWhileDraining, readiness=app.state.readiness)
    app.add_middleware(AccessLog)
    app.add_middleware(CorrelationIdMiddleware, header_name=REQUEST_ID)


async def _server_error(_: Request, __: Exception) -> JSONResponse:
    """Answer 500 with the id to look for in the logs; the server logs the traceback."""
    request_id = correlation_id.get() or ""
    content = {"detail": "internal server error", "request_id": request_id}
    return JSONResponse(content, status_code=500, headers={REQUEST_ID: request_id})
