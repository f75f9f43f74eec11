"""A checkout of its own for end-to-end tests: another folder, another port, nobody disturbed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        """What was printed on stdout, as JSON."""
        return json.loads(self.out)


@dataclass(kw_only=True)
class Clone:
    """A copy of the working tree that a test may spoil; `invoke` runs our engine in it.

    `module` is what is run as Invoke.
    """

    root: Path
    port: int
    extra: dict[str, str] = field(default_factory=dict)
    module: str = "invoke"

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "SLIPWAY_LOCAL_PORT": str(self.port), "CI": "true", **self.extra}

    def invoke(self, *words: str, timeout: float = 600, **env: str) -> Ran:
        """Run `invoke` to its end."""
        began = time.monotonic()
        done = subprocess.run(
            self.argv(*words),
            cwd=self.root,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        seconds = time.monotonic() - began
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr, seconds=seconds)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `invoke` and come back at once; output in its pipes."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", self.module, *words]

    def edit(self, path: str, pattern: str, replacement: str, *, count: int = 1) -> None:
        """Replace what `pattern` matches in a file, so many times; it must match."""
        file = self.root / path
        text, done = re.subn(pattern, replacement, file.read_text(), count=count)
        assert done == count, f"{pattern!r} is not in {path}"
        file.write_text(text)

    def aim_here(self) -> None:
        """Let the embedded AWS be every environment's target; nobody waits for bake times here."""
        file = self.root / "slipway.toml"
        lines = [
            'target = "embedded"' if line == 'target = "aws"' else line
            for line in file.read_text().splitlines()
            if not line.startswith("account_id")
        ]
        file.write_text("\n".join(lines).replace("bake = 5", "bake = 0") + "\n")

    def unprotect(self, name: str) -> None:
        """Let an environment be destroyed."""
        self.edit("slipway.toml", rf"(\[environments\.{name}\][^\[]*)protected = true", r"\1")


SAMPLE = ("greeter",)
"""The service that most tests are about. It needs neither database nor cache, and nobody waits."""


def make_clone(root: Path, port: int, *, services: Sequence[str] = SAMPLE) -> Clone:
    """Copy what git would take of the working tree, and make it a repository with one commit.

    Of the services only those; where that is the sample alone, `local` has no data either.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, root / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    made = Clone(root=root, port=port)
    _keep_only(made, services)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    return made


def _keep_only(clone: Clone, services: Sequence[str]) -> None:
    for folder in (clone.root / "services").iterdir():
        if folder.name not in services:
            shutil.rmtree(folder)
    if tuple(services) == SAMPLE:
        clone.edit(
            "infra/environments/local.tfvars", r"(database_class|cache_\w+) += .*\n", "", count=3
        )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, timeout: float = 5) -> Any:
    """The JSON that `url` answers."""
    with urlopen(url, timeout=timeout) as response:
        return json.loads(response.read())


def stop(process: subprocess.Popen[str], number: int = signal.SIGINT) -> Ran:
    """Send a signal to a command under way, and wait for its end."""
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    return Ran(code=process.returncode, out=out, err=err, seconds=time.monotonic() - began)
