"""Liveness, readiness, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from catalog import health

HEALTHY = {"status": "ok", "service": "catalog", "version": "1.2.3"}


def test_health_says_what_is_running(client: TestClient) -> None:
    """A deploy checks by this answer which version serves."""
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, HEALTHY)


@pytest.mark.parametrize("path", ["/health", "/ready", "/shop/health", "/shop/ready"])
def test_answers_at_the_root_and_below_the_route(
    client_below: Callable[[str], TestClient], path: str
) -> None:
    """Target group and container ask the root; people ask through the load balancer."""
    assert "status" in client_below("/shop").get(path).json()


def test_ready_without_dependencies(app: FastAPI, client: TestClient) -> None:
    """A service that needs nothing is ready when it is up."""
    app.state.readiness.checks.clear()
    assert client.get("/ready").json() == {"status": "ready", "checks": {}}


def test_ready_asks_each_dependency(app: FastAPI, client: TestClient) -> None:
    """One dependency that fails makes the task unready, and says which, but not why."""

    async def good() -> None: ...

    async def bad() -> None:
        raise ConnectionError("db.internal refused user admin")

    app.state.readiness.checks.clear()
    app.state.readiness.add("cache", good)
    app.state.readiness.add("database", bad)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "checks": {"cache": "ok", "database": "ConnectionError"},
    }


def test_ready_does_not_wait_for_ever(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dependency that hangs counts as away."""
    monkeypatch.setattr(health, "CHECK_TIMEOUT", 0.01)
    app.state.readiness.checks.clear()
    app.state.readiness.add("database", lambda: asyncio.sleep(60))
    assert client.get("/ready").json()["checks"] == {"database": "TimeoutError"}


def test_health_ignores_dependencies(app: FastAPI, client: TestClient) -> None:
    """A database that is away must not get every task killed."""

    async def bad() -> None:
        raise ConnectionError

    app.state.readiness.add("database", bad)
    assert client.get("/health").status_code == 200


def test_draining_is_unready_but_alive(app: FastAPI, client: TestClient) -> None:
    """After TERM requests are still served, and clients are asked to go elsewhere."""
    app.state.readiness.draining = True
    assert client.get("/ready").status_code == 503
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Connection"]) == (200, "close")


def test_connections_are_kept_otherwise(client: TestClient) -> None:
    """Load balancers reuse connections as long as the service stays."""
    assert "Connection" not in client.get("/").headers
