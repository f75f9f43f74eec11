"""The application as tests use it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from greeter import logs
from greeter.app import create_app
from greeter.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them (an image sets its version)."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log as in production; gives the lines with an event, in their order."""
    written = io.BytesIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(Settings(service_version="1.2.3"), written)

    def having(event: str) -> list[dict[str, Any]]:
        every = [json.loads(line) for line in written.getvalue().splitlines()]
        return [line for line in every if line["event"] == event]

    yield having
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def app() -> FastAPI:
    return create_app(Settings(service_version="1.2.3"))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def client_below() -> Callable[[str], TestClient]:
    """Makes a client of an application with a given ROUTE_PATH."""
    return lambda route: TestClient(create_app(Settings(route_path=route)))
