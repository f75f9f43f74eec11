"""Structured logs: one JSON object a line on stdout, each with the ids of its request."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from catalog import correlation
from catalog.settings import Settings

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def get(name: str) -> FilteringBoundLogger:
    """A logger whose lines say `name`."""
    log: FilteringBoundLogger = structlog.get_logger(logger_name=name)
    return log


class Access:
    """The access log: lines like those of `get`, but faster, because each request has one."""

    def __init__(self, settings: Settings) -> None:
        self._same = {"event": "request", "logger": f"{__package__}.access", **_service(settings)}
        self._levels = {"DEBUG": ("debug", "info"), "INFO": ("info",)}.get(settings.log_level, ())
        self._write = structlog.get_config()["logger_factory"]().msg

    def line(self, level: str, ids: correlation.Correlation, **said: object) -> None:
        """Write that there was a request, at level `debug` or `info`."""
        if level not in self._levels:
            return
        event = {**structlog.contextvars.get_contextvars(), **self._same, **said, "level": level}
        event["request_id"], event["trace_id"], event["span_id"] = ids
        event["timestamp"] = datetime.now(UTC)
        self._write(_json(None, level, event))


def configure(settings: Settings, out: BinaryIO | None = None) -> None:
    """Write structlog's and the standard library's records in one form to `out` (stdout)."""
    out = out or sys.stdout.buffer
    shared = _processors(settings)
    structlog.configure(
        processors=[*shared, _json],
        # Not through the standard library, which takes several times as long for a line.
        logger_factory=structlog.BytesLoggerFactory(out),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(_standard_library(shared, settings.log_level, out))


def _service(settings: Settings) -> dict[str, str]:
    return {"service": settings.service_name, "version": settings.service_version}


def _processors(settings: Settings) -> list[Processor]:
    service = _service(settings)

    def context(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.pop("color_message", None)  # uvicorn's message again, for terminals
        if "logger_name" in event:
            event["logger"] = event.pop("logger_name")
        event.update(service)
        if ids := correlation.current.get():
            event["request_id"], event["trace_id"], event["span_id"] = ids
        event["timestamp"] = datetime.now(UTC)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        context,
    ]


def _json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    try:
        return orjson.dumps(event, default=repr, option=OPTIONS)
    except TypeError:  # what has no UTF-8, or a number of more than 64 bits
        return json.dumps(event, default=str).encode()


def _standard_library(shared: list[Processor], level: str, out: BinaryIO) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.stdlib.ExtraAdder(),
            structlog.stdlib.add_logger_name,
            *shared,
        ],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _text],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"out": {"()": _Lines, "out": out, "formatter": "json"}},
        "root": {"handlers": ["out"], "level": level},
    }


def _text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return _json(logger, method, event).decode()


class _Lines(logging.Handler):
    """The standard library's records, by the writer that structlog's own lines go through."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__()
        self.lines = structlog.BytesLogger(out)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.lines.msg(self.format(record).encode())
        except Exception:
            self.handleError(record)
