"""The application as tests use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from {{ cookiecutter.__module }}.app import create_app
from {{ cookiecutter.__module }}.settings import Settings


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them (an image sets its version)."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


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
