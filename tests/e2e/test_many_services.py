"""Three services of one environment: order, what fails alone, what has changed, plans, messages.

`users` needs `orders`; `web` needs nobody. Each test leaves all three deployed and serving.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.checkout import Clone, Ran, free_port, get, make_clone

pytestmark = pytest.mark.e2e

SERVICES = ("orders", "users", "web")
MESSAGE = '[[smoke]]\npath = ""\njson = { message = "Hello, world!" }\n'


@dataclass
class Webhook:
    """A place that takes Slack's messages."""

    address: str
    messages: list[str] = field(default_factory=list)

    def since(self, count: int) -> str:
        return "\n".join(self.messages[count:])


@dataclass
class Fleet:
    """The checkout with its services, and what is told of their deploys."""

    clone: Clone
    webhook: Webhook
    first: Ran

    def deploy(self, *words: str) -> Ran:
        return self.clone.invoke("deploy", "--env=local", "--json", *words)

    def manifest(self, name: str) -> Path:
        return self.clone.root / "services" / name / "service.toml"

    def code(self, name: str) -> Path:
        return self.clone.root / "services" / name / "src" / name / "api.py"

    @contextmanager
    def edited(self, file: Path, *, add: str) -> Iterator[None]:
        """A file with a line more, for the time of the block."""
        before = file.read_text()
        file.write_text(f"{before}\n{add}\n")
        try:
            yield
        finally:
            file.write_text(before)

    def version(self, name: str) -> str:
        """Which version of a service answers."""
        return str(get(f"{self.first.json()[name]['url']}/health")["version"])


def verdicts(ran: Ran) -> dict[str, str]:
    """The verdict of each service; an error would have printed no JSON."""
    assert ran.out, ran.said
    return {name: each["verdict"] for name, each in ran.json().items()}


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    made = Webhook(address="")

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.messages.append(body["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with HTTPServer(("127.0.0.1", 0), Hook) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        made.address = f"http://127.0.0.1:{served.server_port}/hook"
        yield made
        served.shutdown()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Iterator[Fleet]:
    clone = make_clone(tmp_path_factory.mktemp("many"), free_port())
    clone.extra = {"DEPLOYS_WEBHOOK": webhook.address}
    ready = clone.invoke("setup")
    assert ready.code == 0, ready.said
    furnish(clone)
    try:
        first = clone.invoke(
            "deploy", "--env=local", "--json", "--log-json=first.jsonl", timeout=1200
        )
        assert first.code == 0, first.said
        yield Fleet(clone, webhook, first)
    finally:
        clone.invoke("local.reset", "--yes")


def furnish(clone: Clone) -> None:
    """Three small services in a commit; what they are tested by is no matter here."""
    shutil.rmtree(clone.root / "services" / "greeter")
    for name in SERVICES:
        assert clone.invoke("new", f"--name={name}").code == 0
        folder = clone.root / "services" / name
        shutil.rmtree(folder / "tests")
        (folder / "tests").mkdir()
        (folder / "tests" / "test_it.py").write_text('def test_it() -> None:\n    """Fine."""\n')
        clone.edit(f"services/{name}/service.toml", "min = 2", "min = 1")
    clone.edit("services/users/service.toml", "port = 8000", 'port = 8000\nneeds = ["orders"]')
    with (clone.root / "services/web/service.toml").open("a") as manifest:
        manifest.write(f"\n{MESSAGE}")
    # A machine at work answers late, and that is no matter here either.
    clone.edit(
        "slipway.toml",
        r"health = \{[^}]*\}",
        "health = { interval = 10, timeout = 8, grace = 180 }",
    )
    with (clone.root / "slipway.toml").open("a") as project:
        project.write('\n[notify]\nwebhook = "DEPLOYS_WEBHOOK"\n')
    for words in (
        ["add", "-A"],
        ["-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "services"],
    ):
        subprocess.run(["git", *words], cwd=clone.root, check=True)


def events(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    lines = (fleet.clone.root / name).read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_what_is_needed_comes_first(fleet: Fleet) -> None:
    """The rollout of `users` begins when `orders` has been verified; `web` need not wait."""
    assert verdicts(fleet.first) == dict.fromkeys(SERVICES, "deployed")
    steps = [
        (each["title"], each["state"])
        for each in events(fleet, "first.jsonl")
        if each["event"] == "step"
    ]
    verified = steps.index(("verification of orders, web", "ended"))
    assert steps.index(("rollout of orders, web", "began")) < verified
    assert steps.index(("rollout of users", "began")) > verified


def test_what_happened_is_told(fleet: Fleet) -> None:
    """The log has each verdict and the exit code; the webhook its beginning and its end."""
    lines = events(fleet, "first.jsonl")
    told = {each["service"]: each["verdict"] for each in lines if each["event"] == "verdict"}
    assert told == dict.fromkeys(SERVICES, "deployed")
    assert (lines[-1]["event"], lines[-1]["state"], lines[-1]["exit_code"]) == (
        "deploy",
        "ended",
        0,
    )
    begin, end = fleet.webhook.messages[:2]
    assert begin.startswith("local: deploying orders, users, web (")
    assert "3 deployed" in end


def test_only_what_has_changed(fleet: Fleet) -> None:
    """`affected` and the deploy agree: `web` it is; the others are left alone."""
    assert fleet.clone.invoke("affected", "--base=HEAD").out == ""
    with fleet.edited(fleet.code("web"), add="# another line"):
        found = fleet.clone.invoke("affected", "--base=HEAD", "--json").json()["affected"]
        assert found == [{"service": "web", "why": ["services/web/src/web/api.py: changed"]}]
        before = {name: fleet.version(name) for name in SERVICES}
        ran = fleet.deploy("--only-changed")
        assert verdicts(ran) == {"orders": "unchanged", "users": "unchanged", "web": "deployed"}
        assert "left alone" in ran.json()["orders"]["reason"]
        after = {name: fleet.version(name) for name in SERVICES}
        assert [name for name in SERVICES if before[name] != after[name]] == ["web"]
    again = fleet.deploy("--only-changed")
    assert verdicts(again)["web"] == "deployed", again.said
    nothing = fleet.deploy("--only-changed")
    assert set(verdicts(nothing).values()) == {"unchanged"}, nothing.said


def test_a_plan_is_kept_or_refused(fleet: Fleet) -> None:
    """It says what would change; a deploy of it goes ahead unless something moved."""
    with fleet.edited(fleet.code("web"), add="# planned"):
        planned = fleet.clone.invoke("plan", "--env=local", "--out=plan.json")
        assert planned.code == 0, planned.said
        lines = planned.out.splitlines()
        assert {"orders: unchanged", "users: unchanged", "web: roll out"} <= set(lines)
        assert any("containerDefinitions.app.image" in line for line in lines)
        assert "services: 1 to be rolled out, 2 unchanged" in lines
        with fleet.edited(fleet.code("web"), add="# and more"):
            refused = fleet.deploy("--plan=plan.json")
        assert refused.code == 9, refused.said
        assert "image of web: was" in refused.err
        kept = fleet.deploy("--plan=plan.json")
        assert verdicts(kept)["web"] == "deployed", kept.said
        stale = fleet.deploy("--plan=plan.json")
        assert stale.code == 9
        assert "live service web: was" in stale.err
    assert verdicts(fleet.deploy("--only-changed"))["web"] == "deployed"


def test_one_that_fails_holds_up_no_other(fleet: Fleet) -> None:
    """`orders` does not start; `users` needs it and waits in vain; `web` is deployed."""
    serving = fleet.version("orders")
    with (
        fleet.edited(fleet.code("orders"), add='raise RuntimeError("boom")'),
        fleet.edited(fleet.code("users"), add="# another line"),
        fleet.edited(fleet.code("web"), add="# yet another"),
    ):
        ran = fleet.deploy()
        assert ran.code == 10, ran.said
        assert verdicts(ran) == {"orders": "failed", "users": "skipped", "web": "deployed"}
        assert "needs orders" in ran.json()["users"]["reason"]
        assert fleet.version("orders") == serving
    assert set(verdicts(fleet.deploy("--only-changed")).values()) <= {"unchanged", "deployed"}


BROKEN = """

@v1.get("/boom")
async def boom() -> None:
    raise RuntimeError("boom")
"""


def test_errors_during_the_bake_time_take_a_version_back(fleet: Fleet) -> None:
    """A version that passes all tests and then fails its users' requests goes within the minute."""
    serving = fleet.version("web")
    stop = threading.Event()
    url = f"{fleet.first.json()['web']['url']}/v1/boom"

    def ask() -> None:
        while not stop.wait(0.2):
            with suppress(OSError):
                get(url)

    asking = threading.Thread(target=ask, daemon=True)
    bake = "[environments.local.deploy]\nbake = 2"
    with (
        fleet.edited(fleet.code("web"), add=BROKEN),
        fleet.edited(fleet.manifest("web"), add=bake),
    ):
        asking.start()
        try:
            ran = fleet.deploy("--service=web")
        finally:
            stop.set()
            asking.join()
        assert ran.code == 11, ran.said
        reason = ran.json()["web"]["reason"]
        assert "status of 500 or more" in reason or "was raised" in reason
        assert reason.endswith("during the bake time")
        assert fleet.version("web") == serving


def test_a_wrong_answer_is_taken_back(fleet: Fleet) -> None:
    """A healthy version that answers wrongly goes, the one before serves on, and it is told."""
    serving, told = fleet.version("orders"), len(fleet.webhook.messages)
    wrong = '[[smoke]]\npath = ""\njson = { message = "Bye" }'
    with (
        fleet.edited(fleet.code("orders"), add="# another version"),
        fleet.edited(fleet.manifest("orders"), add=wrong),
    ):
        ran = fleet.deploy()
        assert ran.code == 11, ran.said
        found = ran.json()
        assert verdicts(ran) == {"orders": "rolled_back", "users": "skipped", "web": "unchanged"}
        assert 'message is "Hello, world!" instead of "Bye"' in found["orders"]["reason"]
        assert fleet.version("orders") == serving
    said = fleet.webhook.since(told)
    assert "local: orders was rolled back: GET /: message is" in said
    assert "1 rolled_back" in said
