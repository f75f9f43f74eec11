"""Smoke tests: what counts as the right answer, and how it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from slipway.config import Smoke
from slipway.release import smoke
from slipway.release.smoke import TRIES, Reply
from tests.cases_files import cases

HELLO = Smoke(path="/hello", status=200, json={"message": "Hello"})


@pytest.mark.parametrize("case", cases("smoke"))
def test_answers(case: Any) -> None:
    """Each case: what a test wants, what the service answered, what is wrong with that."""
    wanted = Smoke(path="/", **case["smoke"])
    assert smoke.judge(wanted, Reply(**case["reply"])) == case["problem"], case["says"]


def test_all_tests_are_asked_below_the_route() -> None:
    """Each path is put behind the service's address, whether that ends with a slash or not."""
    asked: list[str] = []

    def get(url: str) -> Reply:
        asked.append(url)
        return Reply(status=200)

    tests = [Smoke(path=path, status=200, json={}) for path in ("", "/hello?name=you")]
    assert smoke.run("http://lb/greeter", tests, get=get) == ()
    assert smoke.run("http://lb/", tests, get=get) == ()
    assert asked == [
        "http://lb/greeter",
        "http://lb/greeter/hello?name=you",
        "http://lb",
        "http://lb/hello?name=you",
    ]


def test_a_wrong_answer_is_asked_for_again() -> None:
    """A request that met a task on its way out doesn't fail the test."""
    replies = iter([Reply(status=503), Reply(status=200, text='{"message": "Hello"}')])
    waited: list[float] = []
    problems = smoke.run("http://lb", [HELLO], get=lambda _: next(replies), pause=waited.append)
    assert (problems, waited) == ((), [1])


def test_every_wrong_answer_is_told() -> None:
    """One failing test doesn't hide the next; each is tried a few times, and no more."""
    asked: list[str] = []

    def get(url: str) -> Reply:
        asked.append(url)
        return Reply(status=500, text="Internal Server Error")

    other = Smoke(path="/other", status=204, json={})
    problems = smoke.run("http://lb", [HELLO, other], get=get, pause=lambda _: None)
    assert problems == (
        "GET /hello: status 500 instead of 200 (Internal Server Error)",
        "GET /other: status 500 instead of 204 (Internal Server Error)",
    )
    assert len(asked) == 2 * TRIES


class Answers(BaseHTTPRequestHandler):
    """Redirects /away, fails /broken, and answers everything else."""

    def do_GET(self) -> None:
        codes = {"/away": 302, "/broken": 500}
        self.send_response(codes.get(self.path, 200))
        self.send_header("Location", "/here")
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answers) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.mark.tools
def test_real_requests(server: str) -> None:
    """Redirects are not followed, errors have their text, and nobody there is an answer too."""
    assert smoke.get(f"{server}/fine") == Reply(status=200, text="/fine")
    assert smoke.get(f"{server}/away").status == 302
    assert smoke.get(f"{server}/broken") == Reply(status=500, text="/broken")
    nobody = smoke.get("http://127.0.0.1:1/")
    assert nobody.status == 0
    assert "refused" in nobody.text
