"""The application as tests use it."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from catalog import keys, logs
from catalog.app import create_app
from catalog.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]
KEY = keys.new()

GIVEN = {name: value for name, value in os.environ.items() if name.lower() in Settings.model_fields}
"""Where servers are that tests may use: DATABASE_HOST and what goes with it, CACHE_HOST."""


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them (an image sets its version)."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("JWT_KEYS", json.dumps({"keys": [KEY]}))


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
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """The settings of a server that was given by a variable such as DATABASE_HOST; else skips."""

    def settings(variable: str) -> Settings:
        if variable not in GIVEN:
            pytest.skip(f"{variable} is not set")
        prefix = variable.partition("_")[0]
        for name in (name for name in GIVEN if name.startswith(prefix)):
            monkeypatch.setenv(name, GIVEN[name])
        return Settings()

    return settings


@pytest.fixture
def app() -> FastAPI:
    return create_app(Settings(service_version="1.2.3"))


@pytest.fixture
def client(app: FastAPI, headers: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(app, headers=headers) as client:
        yield client


@pytest.fixture
def client_below(headers: dict[str, str]) -> Callable[[str], TestClient]:
    """Makes a client of an application with a given ROUTE_PATH."""

    def client(route: str) -> TestClient:
        return TestClient(create_app(Settings(route_path=route)), headers=headers)

    return client


@pytest.fixture
def headers() -> dict[str, str]:
    """Those of a caller who may do everything."""
    return bearer("catalog:read catalog:write")


@pytest.fixture
def reader() -> dict[str, str]:
    """Those of a caller who may only look."""
    return bearer("catalog:read")


def bearer(scope: str) -> dict[str, str]:
    """The headers of a caller with this scope."""
    claims = {"sub": "ada", "aud": "catalog", "scope": scope}
    return {"Authorization": f"Bearer {keys.sign(jwt.PyJWK.from_dict(KEY), claims)}"}
