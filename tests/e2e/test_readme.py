"""Every command of the README, run as it stands there, in its order."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.checkout import ROOT, Clone, free_port, get, make_clone

pytestmark = pytest.mark.e2e

README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"uv run (invoke|nox) ([^`\n|&]+?) *(?=`|\n|&)", README)
INVOKED = [words for tool, words in COMMANDS if tool == "invoke" and "TASK" not in words]
SESSIONS = {name for tool, words in COMMANDS if tool == "nox" for name in words.split()[1:]}

COPILOT = ROOT / "tests/cases/importing/copilot/web"
"""What somebody has who moves in."""

ACCOUNT = re.compile(r"^(?!cost ).*(?:--env|--from)=(?:dev|staging|prod)\b")
"""What needs an account; what an environment costs is known without."""

NOBODY = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    every = [folder.name for folder in (ROOT / "services").iterdir()]
    made = make_clone(tmp_path_factory.mktemp("readme"), free_port(), services=every)
    made.extra = NOBODY
    shutil.copytree(COPILOT, made.root / "copilot/storefront")
    try:
        yield made
    finally:
        made.invoke("local.reset", "--yes")


def test_the_commands_do_what_they_say(clone: Clone) -> None:
    """Each succeeds; those for an account say that there are no credentials, and stop."""
    assert len(INVOKED) > 15
    for words in INVOKED:
        ran = clone.invoke(*words.split())
        assert ran.code == (5 if ACCOUNT.search(words) else 0), f"{words}\n{ran.said}"
        if words == "setup deploy --env=local":
            urls = {url.rpartition("/")[2]: url for url in re.findall(r"http://\S+", ran.out)}
            assert get(urls["greeter"])["message"].startswith("Hello")
            assert welcomed(clone, urls["catalog"])["greeting"] == "Hello, Ada!"


def welcomed(clone: Clone, url: str) -> Any:
    """What the sample application answers to a caller with a token, which greeter has a part in."""
    words = 'uv run --env-file local.env python -m catalog.keys token --scope "catalog:read"'
    assert words[:-1] in README
    token = subprocess.run(
        shlex.split(words),
        cwd=clone.root / "services" / "catalog",
        env={**clone.env, "VIRTUAL_ENV": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    with urlopen(Request(f"{url}/v1/welcome/Ada", headers=headers), timeout=10) as answer:
        return json.loads(answer.read())


def test_the_sessions_exist() -> None:
    """`nox -s` names no session that is not there."""
    listed = subprocess.run(
        [sys.executable, "-m", "nox", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert set(re.findall(r"^[*-] (\w+)", listed, re.MULTILINE)) >= SESSIONS
