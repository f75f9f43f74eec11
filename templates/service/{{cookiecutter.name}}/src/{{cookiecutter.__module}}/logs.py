"""Structured logs: one JSON object a line on stdout, each with the request's id."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import structlog
from asgi_correlation_id import correlation_id
from structlog.typing import EventDict, Processor, WrappedLogger

from {{ cookiecutter.__module }}.settings import Settings


def configure(settings: Settings) -> None:
    """Send structlog's and the standard library's records through the same processors."""
    shared = _processors(settings)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(_standard_library(shared, settings.log_level))


def _processors(settings: Settings) -> list[Processor]:
    service = {"service": settings.service_name, "version": settings.service_version}

    def context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        request_id = correlation_id.get()
        event.pop("color_message", None)  # uvicorn's message again, for terminals
        return {**event, **service, **({"request_id": request_id} if request_id else {})}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        context,
    ]


def _standard_library(shared: list[Processor], level: str) -> dict[str, Any]:
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(), *shared],
        "processors": [drop, structlog.processors.JSONRenderer()],
    }
    stdout = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stdout": stdout},
        "root": {"handlers": ["stdout"], "level": level},
    }
