"""`invoke dev` with real programs, a real PostgreSQL and Redis, files that change, and a terminal.

`notes` keeps what it is told in PostgreSQL, counts in Redis, and needs `greeter`.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from slipway.dev import data
from tests.e2e.checkout import Clone, free_port, get, make_clone

pytestmark = pytest.mark.e2e

MANIFEST = """
name = "notes"
needs = ["greeter"]
secrets = ["SALT"]
route = { path = "/notes", priority = 200 }
cache = { enabled = true }

[database]
enabled = true
migrate = ["python", "migrate.py"]
"""
PROJECT = """
[project]
name = "notes"
version = "0"
requires-python = ">=3.11"
dependencies = ["psycopg[binary]==3.*", "redis==7.*"]

[tool.uv]
package = false
"""
COMMON = """
import os
import psycopg

def connect():
    return psycopg.connect(
        host=os.environ["DATABASE_HOST"], port=os.environ["DATABASE_PORT"],
        dbname=os.environ["DATABASE_NAME"], user=os.environ["DATABASE_USERNAME"],
        password=os.environ["DATABASE_PASSWORD"], sslmode="require", autocommit=True,
    )
"""
MIGRATE = """
from src.common import connect
connect().execute("CREATE TABLE IF NOT EXISTS notes (text text PRIMARY KEY)")
print("migrated", flush=True)
"""
SEEDS = """
from src.common import connect
connect().execute("INSERT INTO notes VALUES ('seed') ON CONFLICT DO NOTHING")
"""
SERVER = """
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen
import redis
from src.common import connect

PREFIX = os.environ["CACHE_PREFIX"]
CACHE = redis.Redis(os.environ["CACHE_HOST"], int(os.environ["CACHE_PORT"]))

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/notes/ask":
            breakpoint()
        with connect() as database:
            if self.path == "/notes/add":
                database.execute("INSERT INTO notes VALUES ('more') ON CONFLICT DO NOTHING")
            notes = [row[0] for row in database.execute("SELECT text FROM notes ORDER BY text")]
        greeting = urlopen(os.environ["GREETER_URL"]).read().decode()
        answer = {
            "notes": notes, "count": CACHE.incr(PREFIX + "count"), "salt": os.environ["SALT"],
            "greeting": json.loads(greeting)["message"], "version": 1,
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
"""
FILES = {
    "service.toml": MANIFEST,
    "pyproject.toml": PROJECT,
    "local.env": "SALT=pinch\n",
    "Dockerfile": 'FROM scratch\nCMD ["python", "-m", "src.server"]\n',
    "migrate.py": MIGRATE,
    "seeds.py": SEEDS,
    "src/common.py": COMMON,
    "src/server.py": SERVER,
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A checkout with greeter and notes."""
    made = make_clone(tmp_path_factory.mktemp("dev"), free_port())
    folder = made.root / "services" / "notes"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["uv", "lock", "-q", "--project", folder], check=True, cwd=folder)
    yield made
    names = containers(made)
    subprocess.run(["docker", "rm", "-f", *names], capture_output=True, check=False)
    subprocess.run(["docker", "volume", "rm", "-f", *names], capture_output=True, check=False)


@dataclass
class Session:
    """An `invoke dev` under way; `out` is what it has printed so far."""

    clone: Clone
    process: subprocess.Popen[bytes]
    reads: int
    out: str = ""
    seen: int = field(default=0)

    def until(self, text: str, seconds: float = 300) -> str:
        """Read on until a text comes; what came before it."""
        deadline = time.monotonic() + seconds
        while text not in self.out[self.seen :]:
            running = self.process.poll() is None and time.monotonic() < deadline
            said = self._read()
            self.out += said
            if not said and not running:
                pytest.fail(f"{text!r} never came:\n{self.out}")
        place = self.out.index(text, self.seen)
        before, self.seen = self.out[self.seen : place], place + len(text)
        return before

    def _read(self) -> str:
        if not select.select([self.reads], [], [], 0.2)[0]:
            return ""
        try:
            return os.read(self.reads, 65_536).decode(errors="replace")
        except OSError:  # a terminal whose other side has ended
            return ""

    def answers(self, url: str, right: Callable[[Any], bool] = bool) -> Any:
        """What a URL answers, once that is right."""
        deadline = time.monotonic() + 180
        while True:
            with suppress(URLError, ConnectionError, ValueError):
                answer = get(url)
                if right(answer):
                    return answer
            assert time.monotonic() < deadline, f"{url} never answered so:\n{self.out}"
            time.sleep(0.1)

    def ended(self) -> int:
        """Its exit code."""
        with suppress(pytest.fail.Exception):
            self.until("never said", 60)
        return self.process.wait(60)


@contextmanager
def session(clone: Clone, *words: str, terminal: bool = False) -> Iterator[Session]:
    """`invoke dev` in a terminal or in a pipe; gone at the end, however that comes."""
    reads, writes = pty.openpty() if terminal else os.pipe()
    argv = clone.argv("dev", *words)
    process = subprocess.Popen(
        # So that Ctrl-C is a signal, as where a person sits.
        ["setsid", "--ctty", *argv] if terminal else argv,
        cwd=clone.root,
        env={name: value for name, value in clone.env.items() if name not in ("CI", "NO_COLOR")},
        stdin=writes if terminal else subprocess.DEVNULL,
        stdout=writes,
        stderr=writes,
        start_new_session=not terminal,
    )
    if not terminal:
        os.close(writes)
    try:
        yield Session(clone=clone, process=process, reads=reads)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        os.close(reads)
        if terminal:
            os.close(writes)


def containers(clone: Clone) -> list[str]:
    project = data.project(clone.root)
    return [f"{project}-postgres", f"{project}-redis"]


def left(clone: Clone) -> list[str]:
    """The containers and processes that are still of this checkout."""
    listed = ["docker", "ps", "-a", "--format", "{{.Names}}"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    services = str((clone.root / "services").resolve())
    found = [name for name in names if name in containers(clone)]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((process / "cwd").readlink()).startswith(services):
                found.append((process / "cmdline").read_text())
    return found


def test_services_with_their_data(clone: Clone) -> None:
    """Needed ones first, each with the other's address; migrations, seeds, values of local.env."""
    with session(clone, "--service=notes", "--json") as dev:
        before = dev.until('"event": "addresses"')
        dev.until("\n")
        line = next(line for line in dev.out.splitlines() if "addresses" in line)
        urls = {one["service"]: one["url"] for one in json.loads(line)["addresses"]}
        assert list(urls) == ["greeter", "notes"]
        dev.until("migrated")
        answer = dev.answers(urls["notes"])
        assert answer["notes"] == ["seed"]
        assert (answer["greeting"], answer["salt"]) == ("Hello, world!", "pinch")
        assert "▸ data" in before
        dev.answers(f"{urls['notes']}/add", lambda one: one["notes"] == ["more", "seed"])
        clone.edit("services/notes/src/server.py", '"version": 1', '"version": 2')
        dev.answers(urls["notes"], lambda one: one["version"] == 2)
        assert "migrated" not in dev.out[dev.seen :], "a change of code migrates nothing"
        second = clone.invoke("dev")
        assert second.code == 6, second.said
        assert f"process {dev.process.pid}" in second.err
        dev.process.send_signal(signal.SIGTERM)
        assert dev.ended() == 143
        events = [json.loads(line) for line in dev.out.splitlines() if line.startswith("{")]
        assert {one["service"] for one in events} == {"slipway", "greeter", "notes"}
    assert left(clone) == []


def test_at_a_terminal(clone: Clone) -> None:
    """Data and ports stay; a mistake is shown and mended; a debugger answers; Ctrl-C ends it."""
    file = clone.root / "services/notes/src/server.py"
    good = file.read_text()
    with session(clone, terminal=True) as dev:
        dev.until("notes   |")
        dev.until("answers at ")
        dev.until("http://127.0.0.1:")
        url = "http://127.0.0.1:" + dev.until("/notes") + "/notes"
        assert dev.answers(url)["notes"] == ["more", "seed"]
        file.write_text(good + "\ndef (\n")
        dev.until("SyntaxError")
        dev.until("ended with code 1")
        file.write_text(good)
        dev.answers(url)
        asking = subprocess.Popen(["curl", "-s", f"{url}/ask"], stdout=subprocess.DEVNULL)
        dev.until("(Pdb) ")
        os.write(dev.reads, b"p 6 * 7\n")
        dev.until("42")
        os.write(dev.reads, b"c\n")
        asking.wait(120)
        assert "\x1b[" in dev.out
        os.write(dev.reads, b"\x03")
        assert dev.ended() == 130
        assert "all services have ended" in dev.out
    assert left(clone) == []


def test_nobody_reads_any_more(clone: Clone) -> None:
    """The end of a pipe ends everything, quietly; in a pipe there are no colours."""
    with session(clone, "--service=greeter") as dev:
        dev.until("greeter | ")
        assert "\x1b[" not in dev.out
        argv = clone.argv("dev", "--service=greeter")
    shell = f"{subprocess.list2cmdline(argv)} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell],
        cwd=clone.root,
        env=clone.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 141, done.stderr
    assert done.stdout.startswith("service")
    assert "Traceback" not in done.stderr
    assert left(clone) == []


def test_a_job_runs_once(clone: Clone) -> None:
    """And ends everything with its own exit code."""
    folder = clone.root / "services" / "reports"
    folder.mkdir()
    job = 'name = "reports"\nkind = "job"\n[jobs.main]\ncommand = ["python", "main.py"]\n'
    (folder / "service.toml").write_text(job)
    (folder / "main.py").write_text("import os, sys; sys.exit(os.environ['SERVICE_NAME'] + '!')")
    project = '[project]\nname = "reports"\nversion = "0"\nrequires-python = ">=3.11"\n'
    (folder / "pyproject.toml").write_text(project + "[tool.uv]\npackage = false\n")
    subprocess.run(["uv", "lock", "-q"], check=True, cwd=folder)
    ran = clone.invoke("dev", "--service=reports")
    assert ran.code == 1, ran.said
    assert "reports | reports!" in ran.out
    assert left(clone) == []
