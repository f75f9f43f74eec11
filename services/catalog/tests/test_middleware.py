"""Limits and headers of every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from catalog.app import create_app
from catalog.settings import Settings

LIMIT = 100
PROBLEM = "application/problem+json"


@pytest.fixture
def limited() -> TestClient:
    """Small limits, and endpoints that meet them."""
    app = create_app(Settings(body_bytes=LIMIT, request_seconds=0.05))

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("the password is hunter2")

    @app.get("/own-timeout")
    async def own_timeout() -> None:
        raise TimeoutError

    return TestClient(app, raise_server_exceptions=False)


def _pieces(size: int) -> Iterator[bytes]:
    """A body that is sent without its length."""
    yield from (b"x" for _ in range(size))


@pytest.mark.parametrize("size", [0, LIMIT])
def test_takes_bodies_up_to_the_limit(limited: TestClient, size: int) -> None:
    """However they are sent."""
    assert limited.post("/size", content=b"x" * size).json() == size
    assert limited.post("/size", content=_pieces(size)).json() == size


@pytest.mark.parametrize("content", [b"x" * (LIMIT + 1), _pieces(LIMIT + 1)])
def test_refuses_larger_bodies(limited: TestClient, content: bytes | Iterator[bytes]) -> None:
    """413, and the connection ends instead of taking in the rest."""
    answer = limited.post("/size", content=content)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["Connection"] == "close"
    assert answer.json()["detail"] == f"the body may have {LIMIT} bytes"


def test_answers_when_the_time_is_over(limited: TestClient) -> None:
    """503, rather than a client that waits until the load balancer gives up."""
    answer = limited.get("/slow")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json()["detail"] == "this took too long"


def test_an_answer_that_has_begun_may_take_its_time(limited: TestClient) -> None:
    """Streams are longer than any limit for a request."""
    app = limited.app
    assert isinstance(app, FastAPI)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.sleep(0.1)
            yield b"b"

        return StreamingResponse(parts())

    assert limited.get("/stream").text == "ab"


@pytest.mark.parametrize("path", ["/crash", "/own-timeout"])
def test_a_crash_is_a_problem_without_its_details(limited: TestClient, path: str) -> None:
    """500 with the id to look for in the logs; what an endpoint waits for is no limit of ours."""
    answer = limited.get(path, headers={"X-Request-ID": "order-7"})
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "request_id": "order-7",
    }


@pytest.mark.parametrize("path", ["/", "/nowhere", "/crash", "/health", "/v1/hello/" + "a" * 81])
def test_every_answer_has_the_headers(limited: TestClient, path: str) -> None:
    """Good ones, errors and crashes."""
    headers = limited.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert len(headers["X-Request-ID"]) == 32
    assert "Strict-Transport-Security" not in headers


def test_https_is_to_be_kept(app: FastAPI) -> None:
    """Asked for where it is in use, and nowhere else."""
    client = TestClient(app, base_url="https://shop.example")
    assert client.get("/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_description_may_load_its_scripts(client_below: Callable[[str], TestClient]) -> None:
    """The page of the API's description is the only one that has any."""
    assert "Content-Security-Policy" not in client_below("/shop").get("/shop/docs").headers
