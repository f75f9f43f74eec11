"""The service's own endpoints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from catalog.app import create_app
from catalog.settings import Settings


def test_greets_the_world(client: TestClient) -> None:
    """The first path a visitor opens answers."""
    assert client.get("/").json() == {"message": "Hello, world!"}


def test_greets_by_name(client: TestClient) -> None:
    """A name in the path enters the greeting."""
    assert client.get("/v1/hello/Ada").json() == {"message": "Hello, Ada!"}


def test_refuses_a_name_that_is_too_long(client: TestClient) -> None:
    """Input is validated at the edge, with an answer that names the field."""
    answer = client.get("/v1/hello/" + "a" * 81)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["path", "name"]


def test_greeting_is_a_setting() -> None:
    """GREETING changes the words."""
    client = TestClient(create_app(Settings(greeting="Moin")))
    assert client.get("/").json() == {"message": "Moin, world!"}


@pytest.mark.parametrize("path", ["/shop", "/shop/", "/shop/v1/hello/world"])
def test_serves_below_its_route(client_below: Callable[[str], TestClient], path: str) -> None:
    """The load balancer keeps the path, so the API lives below ROUTE_PATH."""
    assert client_below("/shop").get(path).json() == {"message": "Hello, world!"}


def test_owns_nothing_outside_its_route(client_below: Callable[[str], TestClient]) -> None:
    """Paths of other services are not answered."""
    assert client_below("/shop").get("/v1/hello/world").status_code == 404


def test_describes_itself(client_below: Callable[[str], TestClient]) -> None:
    """OpenAPI and its page lie below ROUTE_PATH too, or nobody could reach them."""
    client = client_below("/shop")
    paths = client.get("/shop/openapi.json").json()["paths"]
    assert {"/shop", "/shop/health", "/shop/ready", "/shop/v1/hello/{name}"} <= set(paths)
    assert client.get("/shop/docs").status_code == 200
