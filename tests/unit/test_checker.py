"""The checker and wrk's reader: that what goes wrong under load is seen, above all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.e2e.checker import KEPT, SHORT, SLOW, Load, Report, Sample, checking
from tests.e2e.wrk import Wrk, read

ALL = Load(kept=2, short=2, slow=1, rate=100.0)


class Handler(BaseHTTPRequestHandler):
    """Answers 200 `one`, or what its server's `fault` says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.server.asked.release()  # type: ignore[attr-defined]
        fault = getattr(self.server, "fault", "")
        if fault == "break":
            self.close_connection = True
            return
        self.send_response(503 if fault == "503" else 200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"one")
        # A server that goes without a word is seen by who keeps the connection.
        self.close_connection = fault == "hang up"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = threading.Semaphore(0)  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def checked(server: Any) -> Report:
    """What is seen until every client has asked several times."""
    with checking(f"127.0.0.1:{server.server_port}", ALL) as check:
        for _ in range(40):
            assert server.asked.acquire(timeout=20)
    return check.report


@pytest.mark.tools
def test_a_good_server_has_no_failures(server: Any) -> None:
    """Each kind of client asks, and the versions that answered are known."""
    report = checked(server)
    assert not report.problems
    assert set(report.versions) == {"one"}
    assert all(report.of(kind).samples for kind in (KEPT, SHORT, SLOW))


@pytest.mark.tools
@pytest.mark.parametrize(
    ("fault", "problem", "kinds"),
    [
        ("503", "503", {KEPT, SHORT, SLOW}),
        ("break", "IncompleteReadError", {KEPT, SHORT, SLOW}),
        ("hang up", "IncompleteReadError", {KEPT, SLOW}),
    ],
)
def test_every_failure_is_counted(server: Any, fault: str, problem: str, kinds: set[str]) -> None:
    """Answers that are no 200, connections that break, and those that end while they are kept."""
    server.fault = fault
    report = checked(server)
    assert problem in report.problems
    assert {sample.kind for sample in report.samples if sample.problem} == kinds


@pytest.mark.tools
def test_a_server_that_is_not_there_is_a_failure() -> None:
    """Connections that are refused count like all others."""
    with checking("127.0.0.1:1", ALL) as check:
        time.sleep(0.5)
    assert set(check.report.problems) == {"ConnectionRefusedError"}


def test_requests_count_for_the_rollout_that_they_touch() -> None:
    """Also one that began before it; percentiles leave failures out."""
    samples = [Sample(at, 2.0, KEPT, "one", "") for at in (0.0, 4.0, 20.0)]
    report = Report([*samples, Sample(5.0, 9.0, KEPT, "", "503")])
    assert [one.began for one in report.within([(5.0, 10.0)]).samples] == [4.0, 5.0]
    assert [one.began for one in report.within([(5.0, 10.0)], inside=False).samples] == [0.0, 20.0]
    assert report.percentile(99) == 2000.0


def test_wrk_is_read() -> None:
    """Refused answers and broken connections are failures alike."""
    said = """
      Thread Stats   Avg      Stdev     Max   +/- Stdev
        Latency    10.00ms    5.00ms   1.20s    92.50%
        Req/Sec    40.00      9.00    80.00     71.99%
      Latency Distribution
         50%  850.00us
         99%    1.20s
      4000 requests in 20.00s, 1.00MB read
      Socket errors: connect 1, read 2, write 3, timeout 4
      Non-2xx or 3xx responses: 5
    """
    counted = Wrk()
    read(said, counted)
    assert counted == Wrk(requests=4000, failed=15, p50=0.85, p99=1200.0)
