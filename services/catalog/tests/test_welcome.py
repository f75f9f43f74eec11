"""A welcome, with and without the other service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from shop import BREAD, InMemory

from catalog import products
from catalog.app import create_app
from catalog.settings import Settings


class Greeter(ThreadingHTTPServer):
    """Answers as the service greeter does, or as `status` and `body` say; keeps what was asked."""

    status = 200
    body = b'{"message": "Hello, Ada!"}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, dict[str, str]]] = []


class Answer(BaseHTTPRequestHandler):
    server: Greeter

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def greeter() -> Iterator[Greeter]:
    with Greeter() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def welcomed(greeter: Greeter, headers: dict[str, str]) -> Iterator[TestClient]:
    """An application beside that greeter."""
    url = f"http://127.0.0.1:{greeter.server_port}/greeter"
    app, kept = create_app(Settings(greeter_url=url)), InMemory()
    app.dependency_overrides[products.stored] = lambda: kept
    with TestClient(app, headers=headers) as client:
        yield client


def test_greets_and_shows_what_is_new(welcomed: TestClient, greeter: Greeter) -> None:
    """The other service's words, three products at most, the newest first."""
    for number in range(4):
        welcomed.post("/v1/products", json={**BREAD, "sku": f"BREAD-{number}"})
    answer = welcomed.get("/v1/welcome/Ada").json()
    assert answer["greeting"] == "Hello, Ada!"
    assert [each["sku"] for each in answer["newest"]] == ["BREAD-3", "BREAD-2", "BREAD-1"]
    assert greeter.asked[0][0] == "/greeter/v1/hello/Ada"


def test_the_ids_go_along(welcomed: TestClient, greeter: Greeter) -> None:
    """Both services' logs can be read as one story."""
    welcomed.get("/v1/welcome/Ada", headers={"X-Request-ID": "abc"})
    headers = greeter.asked[0][1]
    assert headers["x-request-id"] == "abc"
    assert headers["traceparent"].startswith("00-")


@pytest.mark.parametrize("name", ["a%20b", "%C3%A9", "%3Fx%3D1", "%23"])
def test_names_stay_names(welcomed: TestClient, greeter: Greeter, name: str) -> None:
    """Nobody reaches another path of the other service."""
    assert welcomed.get(f"/v1/welcome/{name}").status_code == 200
    assert greeter.asked[0][0] == f"/greeter/v1/hello/{name}"


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"no json"), (200, b'{"words": "Hello"}'), (404, b"{}")]
)
def test_a_greeter_in_trouble_costs_the_greeting_alone(
    welcomed: TestClient, greeter: Greeter, status: int, body: bytes
) -> None:
    """Whatever it answers, the welcome is one."""
    greeter.status, greeter.body = status, body
    answer = welcomed.get("/v1/welcome/Ada")
    assert answer.status_code == 200
    assert answer.json()["greeting"] is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "", "no url"])
def test_a_greeter_that_is_away(headers: dict[str, str], url: str) -> None:
    """As in an environment where it has never been deployed."""
    app = create_app(Settings(greeter_url=url))
    app.dependency_overrides[products.stored] = InMemory
    with TestClient(app, headers=headers) as client:
        assert client.get("/v1/welcome/Ada").json() == {"greeting": None, "newest": []}
