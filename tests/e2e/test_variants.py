"""Every variant of the template, built and started; the richest ones are fuzzed by schemathesis.

`nox -s fuzz` does so for longer.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from slipway.paths import Checkout
from slipway.scaffold import template
from slipway.tools import uv
from tests.e2e.checkout import ROOT
from tests.e2e.embedded import wait_for
from tests.e2e.variants import Row, named, opened, said

pytestmark = pytest.mark.e2e

VARIANTS = [
    pytest.param(answers, id=named(answers))
    for answers in template.variants(Checkout(ROOT).template)
]
RICHEST = "web-postgres-redis-jwt"
FUZZED = ("web", RICHEST)

SCHEMATHESIS = "4.32.5"
LEFT_OUT = "allow_header_conformance"
"""Starlette's 405 names the methods of one route of the path, not those of its others."""
EXAMPLES = int(os.environ.get("SLIPWAY_FUZZ_EXAMPLES", "40"))
"""Requests of each operation and phase at most; the same ones each time."""


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Row]:
    with opened(tmp_path_factory.mktemp("variants") / "checkout") as row:
        for name in row.services:
            migrate = row.services[name].database.migrate
            if row.services[name].database.enabled:
                code, text = row.run(name, *migrate)
                assert code == 0, text
        yield row


@pytest.mark.parametrize("answers", [each for each in VARIANTS if "web" in str(each.id)])
def test_a_service_serves_and_ends(row: Row, answers: dict[str, str]) -> None:
    """Read-only and without rights it finds what it depends on, and TERM ends it in order."""
    name, guarded = named(answers), answers["auth"] == "jwt"
    with row.started(name) as container:
        ready = wait_for("it is ready", lambda: asked(f"{row.url(name)}/ready"))
        assert ready.json()["status"] == "ready", said(container)
        greeting = f"{row.url(name)}/v1/hello/Ada"
        assert urllib3.request("GET", greeting).status == (401 if guarded else 200)
        answer = urllib3.request("GET", greeting, headers=allowed(row, name))
        assert answer.json() == {"message": "Hello, Ada!"}, said(container)
        container.kill("TERM")
        assert container.wait(timeout=30)["StatusCode"] == 0, said(container)
        assert " 500" not in said(container)


@pytest.mark.parametrize("answers", [each for each in VARIANTS if "job" in str(each.id)])
def test_a_job_does_its_work(row: Row, answers: dict[str, str]) -> None:
    """Its check loads everything; its run ends with 0 and says what it did."""
    name = named(answers)
    program = ("python", "-m", name.replace("-", "_"))
    assert row.run(name, *program, "--check")[0] == 0
    code, text = row.run(name, *program, "--day", "2026-02-28")
    assert code == 0, text
    (line,) = (each for each in map(json.loads, text.splitlines()) if each["event"] == "reported")
    assert (line["day"], line["day_of_year"]) == ("2026-02-28", 59)


@pytest.mark.parametrize("name", FUZZED)
def test_no_input_breaks_it(row: Row, name: str, tmp_path: Path) -> None:
    """From its own OpenAPI document: no answer is a 5xx, or what the document does not promise."""
    with row.started(name) as container:
        wait_for("it is ready", lambda: asked(f"{row.url(name)}/ready"))
        headers = [f"--header={key}: {value}" for key, value in allowed(row, name).items()]
        done = subprocess.run(
            [
                *(uv(), "tool", "run", "-q", f"schemathesis=={SCHEMATHESIS}", "run"),
                f"{row.url(name)}/openapi.json",
                *("--checks=all", f"--exclude-checks={LEFT_OUT}", "--seed=1", "--no-color"),
                *(f"--max-examples={EXAMPLES}", *headers),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120 + EXAMPLES,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        lines = [json.loads(line) for line in said(container).splitlines()]
        answered = [line["status"] for line in lines if line["event"] == "request"]
        assert len(answered) > 50
        assert max(answered) < 500


def asked(url: str) -> urllib3.BaseHTTPResponse | None:
    """The answer, once there is a good one."""
    try:
        answer = urllib3.request("GET", url, retries=False)
    except urllib3.exceptions.HTTPError:
        return None
    return answer if answer.status == 200 else None


def allowed(row: Row, name: str) -> dict[str, str]:
    """The headers of a caller who may do everything; made by the image's own program."""
    if not row.services[name].secrets:
        return {}
    module = name.replace("-", "_")
    words = ("token", "--scope", "notes:read notes:write")
    code, text = row.run(name, "python", "-m", f"{module}.keys", *words)
    assert code == 0, text
    return {"Authorization": f"Bearer {text.strip()}"}
