"""Telling others of a deploy, and never failing it for that."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any, cast

import pytest

from slipway.config import Notify
from slipway.console import Console
from slipway.errors import DeployError
from slipway.model import Verdict
from slipway.release import notify
from slipway.release.announce import announced
from slipway.release.journal import Journal
from slipway.release.notify import Notifier, notifier, verdicts
from slipway.release.progress import Options, Progress
from slipway.release.world import Site
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome
from tests.fake_ecs import FakeEcs
from tests.fake_ecs import deployment as ecs_deployment
from tests.release_site import make_site, said

GOOD = Outcome(verdict=Verdict.DEPLOYED)
BACK = Outcome(
    verdict=Verdict.ROLLED_BACK,
    reason="GET /x: status 500 instead of 200",
    cause=Cause(title="verification failed", remedy="look"),
)


@pytest.fixture
def site() -> Iterator[Site]:
    with make_site(FakeEcs([[ecs_deployment(2, 2, "COMPLETED")]])) as made:
        yield made


def telling(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the webhook of `site` gets."""
    told: list[str] = []
    wanted = Notify(webhook="SLACK", sns="")
    site.settings = replace(site.settings, notify=wanted)
    monkeypatch.setenv("SLACK", "https://hooks.example.com/secret")
    monkeypatch.setattr(notify, "post", lambda _, text: told.append(text))
    return told


def progress() -> Progress:
    return Progress(options=Options(), chosen=("app",))


def test_begin_rollback_and_end_are_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three messages: who deploys what, what went back and why, and how it all ended."""
    told = telling(site, monkeypatch)
    now = progress()
    with announced(site, now) as announcer:
        announcer.look()
        now.settled["app"] = BACK
        announcer.look()
    assert told[0].startswith("local: deploying app (")
    assert told[1:] == [
        "local: app was rolled back: GET /x: status 500 instead of 200",
        "local: 1 rolled_back, after 0 s\napp: rolled_back: GET /x: status 500 instead of 200",
    ]


def test_a_deploy_that_breaks_off_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error has its first line; a signal is called one; both go on."""
    told = telling(site, monkeypatch)
    for error, words in (
        (DeployError("no way back\nmore"), "no way back"),
        (KeyboardInterrupt(), "a signal came"),
    ):
        with pytest.raises(type(error)), announced(site, progress()):
            raise error
        assert told[-1] == f"local: broke off: {words}"


def test_what_can_not_be_told_stops_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is said once, without the address, which is a secret."""
    telling(site, monkeypatch)
    tries: list[str] = []

    def refuse(address: str, text: str) -> None:
        tries.append(text)
        raise ConnectionRefusedError(111, "Connection refused", address)

    monkeypatch.setattr(notify, "post", refuse)
    now = progress()
    with announced(site, now):
        now.settled["app"] = GOOD
    assert len(tries) == 1
    assert said(site).count("the webhook was not told") == 1
    assert "secret" not in said(site)


def test_a_webhook_without_address_is_said(site: Site) -> None:
    """A machine that has no address for it tells nobody, and says so."""
    wanted = Notify(webhook="SLIPWAY_TEST_NO_SUCH_VARIABLE", sns="")
    site.settings = replace(site.settings, notify=wanted)
    assert notifier(site).ways == {}
    assert "SLIPWAY_TEST_NO_SUCH_VARIABLE is not set" in said(site)


def test_nobody_is_told_by_default(site: Site) -> None:
    """Without a table there is nothing to say."""
    assert notifier(site).ways == {}
    assert said(site) == ""


def test_a_topic_is_told_as_well(site: Site) -> None:
    """Its subject is one short line of ASCII; the whole is the message."""
    sent: list[dict[str, str]] = []
    topic = "arn:aws:sns:eu-west-1:123456789012:deploys"
    regions: list[str] = []

    class Topics:
        def publish(self, **message: str) -> None:
            sent.append(message)

    def sns(region: str) -> Topics:
        regions.append(region)
        return Topics()

    site.aws.__dict__["sns"] = cast(Any, sns)
    site.settings = replace(site.settings, notify=Notify(webhook="", sns=topic))
    notifier(site).tell("déployed " + "x" * 200 + "\nmore")
    assert regions == ["eu-west-1"]
    assert sent[0]["TopicArn"] == topic
    assert sent[0]["Subject"] == "d?ployed " + "x" * 91
    assert sent[0]["Message"].endswith("\nmore")


def test_the_summary_counts_and_names_what_is_bad() -> None:
    """One line for all, and one for each that needs a look."""
    outcomes = {"orders": GOOD, "users": GOOD, "web": BACK}
    assert verdicts("prod", outcomes, 64.4) == [
        "prod: 2 deployed, 1 rolled_back, after 64 s",
        "web: rolled_back: GET /x: status 500 instead of 200",
    ]


def test_an_address_that_is_none() -> None:
    """Only HTTP is spoken; a file of this machine is no webhook."""
    warned: list[str] = []
    made = Notifier(environment="local", say=warned.append)
    made.ways["the webhook"] = lambda text: notify.post("file:///etc/passwd", text)
    made.tell("hello")
    assert warned == [
        "the webhook was not told: its address begins with neither https:// nor http://; "
        "the deploy goes on"
    ]


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any], Callable[[int], None]]]:
    """A webhook: its address, what it got, and a way to let it answer with another status."""
    got: list[Any] = []
    status = [200]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    def answer(code: int) -> None:
        status[0] = code

    with HTTPServer(("127.0.0.1", 0), Hook) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/hook", got, answer
        served.shutdown()


@pytest.mark.tools
def test_slacks_format(server: tuple[str, list[Any], Callable[[int], None]]) -> None:
    """A POST of JSON with a text; a status that says no is a reason, not an end."""
    address, got, answer = server
    warned: list[str] = []
    made = Notifier(environment="local", say=warned.append)
    made.ways["the webhook"] = lambda text: notify.post(address, text)
    made.began(["orders", "users"])
    assert got[0]["text"].startswith("local: deploying orders, users (")
    answer(410)
    made.broke_off("x")
    assert len(warned) == 1
    assert "the webhook was not told: " in warned[0]
    assert address not in warned[0]


def test_the_journal_has_a_line_per_step() -> None:
    """Each line is JSON by itself, with its time; steps have their seconds, warnings their text."""
    stream = StringIO()
    console = Console(out=StringIO(), err=StringIO(), journal=Journal(stream))
    with console.step("rollout"):
        console.warn("careful")
    with pytest.raises(ValueError, match="boom"), console.step("verification"):
        raise ValueError("boom")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(each["event"], each.get("title"), each.get("state")) for each in lines] == [
        ("step", "rollout", "began"),
        ("warning", None, None),
        ("step", "rollout", "ended"),
        ("step", "verification", "began"),
        ("step", "verification", "failed"),
    ]
    assert all(each["time"].endswith("+00:00") for each in lines)
    assert lines[2]["seconds"] >= 0
    assert lines[1]["text"] == "careful"


def test_the_journal_has_verdicts_and_the_exit_code(site: Site) -> None:
    """What a pipeline acts upon is in it: each service once, as soon as it has ended."""
    stream = StringIO()
    site.console.journal = Journal(stream)
    now = progress()
    with announced(site, now) as announcer:
        now.settled["app"] = BACK
        announcer.look()
        announcer.look()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [each["event"] for each in lines] == ["deploy", "verdict", "deploy"]
    assert lines[0]["services"] == ["app"]
    assert (lines[1]["service"], lines[1]["verdict"]) == ("app", "rolled_back")
    assert lines[1]["cause"] == "verification failed"
    assert (lines[2]["state"], lines[2]["exit_code"]) == ("ended", 11)
