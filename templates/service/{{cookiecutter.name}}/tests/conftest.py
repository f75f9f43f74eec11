"""{% if cookiecutter.kind == "web" %}The application as tests use it.{% else %}What tests share.{% endif %}"""

from __future__ import annotations

import io
import json
import logging
{%- if cookiecutter.database == "postgres" or cookiecutter.cache == "redis" %}
import os
{%- endif %}
from collections.abc import Callable, Iterator
from typing import Any

{% if cookiecutter.kind == "web" and cookiecutter.auth == "jwt" %}import jwt
{% endif %}import pytest
import structlog
{%- if cookiecutter.kind == "web" %}
from fastapi import FastAPI
from fastapi.testclient import TestClient
{%- endif %}

from {{ cookiecutter.__module }} import {% if cookiecutter.kind == "web" and cookiecutter.auth == "jwt" %}keys, {% endif %}logs
{%- if cookiecutter.kind == "web" %}
from {{ cookiecutter.__module }}.app import create_app
{%- endif %}
from {{ cookiecutter.__module }}.settings import Settings

Lines = Callable[[str], list[dict[str, Any]]]
{%- if cookiecutter.kind == "web" and cookiecutter.auth == "jwt" %}
KEY = keys.new()
{%- endif %}
{%- if cookiecutter.database == "postgres" or cookiecutter.cache == "redis" %}

GIVEN = {name: value for name, value in os.environ.items() if name.lower() in Settings.model_fields}
"""Where servers are that tests may use: {% if cookiecutter.database == "postgres" %}DATABASE_HOST and what goes with it{% if cookiecutter.cache == "redis" %}, CACHE_HOST{% endif %}{% else %}CACHE_HOST{% endif %}."""
{%- endif %}


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them (an image sets its version)."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
{%- if cookiecutter.kind == "web" and cookiecutter.auth == "jwt" %}
    monkeypatch.setenv("JWT_KEYS", json.dumps({"keys": [KEY]}))
{%- endif %}


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
{%- if cookiecutter.database == "postgres" or cookiecutter.cache == "redis" %}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """The settings of a server that was given by a variable such as {{ "DATABASE_HOST" if cookiecutter.database == "postgres" else "CACHE_HOST" }}; else skips."""

    def settings(variable: str) -> Settings:
        if variable not in GIVEN:
            pytest.skip(f"{variable} is not set")
        prefix = variable.partition("_")[0]
        for name in (name for name in GIVEN if name.startswith(prefix)):
            monkeypatch.setenv(name, GIVEN[name])
        return Settings()

    return settings
{%- endif %}
{%- if cookiecutter.kind == "web" %}


@pytest.fixture
def app() -> FastAPI:
    return create_app(Settings(service_version="1.2.3"))


@pytest.fixture
def client(app: FastAPI{% if cookiecutter.auth == "jwt" %}, headers: dict[str, str]{% endif %}) -> Iterator[TestClient]:
    with TestClient(app{% if cookiecutter.auth == "jwt" %}, headers=headers{% endif %}) as client:
        yield client


@pytest.fixture
def client_below({% if cookiecutter.auth == "jwt" %}headers: dict[str, str]{% endif %}) -> Callable[[str], TestClient]:
    """Makes a client of an application with a given ROUTE_PATH."""
{%- if cookiecutter.auth == "jwt" %}

    def client(route: str) -> TestClient:
        return TestClient(create_app(Settings(route_path=route)), headers=headers)

    return client


@pytest.fixture
def headers() -> dict[str, str]:
    """Those of a caller who may do everything."""
    claims = {"sub": "ada", "aud": "{{ cookiecutter.name }}", "scope": "notes:read notes:write"}
    return {"Authorization": f"Bearer {keys.sign(jwt.PyJWK.from_dict(KEY), claims)}"}
{%- else %}
    return lambda route: TestClient(create_app(Settings(route_path=route)))
{%- endif %}
{%- endif %}
