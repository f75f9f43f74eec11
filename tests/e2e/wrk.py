"""wrk, where it is installed, as a second opinion: `apt install wrk`, `brew install wrk`."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LONGEST = 86_400
"""Seconds; it is ended before."""

PACE = """
function delay() return {pause} end
wrk.headers["Connection"] = "{connection}"
"""


@dataclass
class Wrk:
    """What it counted; there once it is over. Times in milliseconds."""

    requests: int = 0
    failed: int = 0
    p50: float = 0.0
    p99: float = 0.0


def found() -> bool:
    return shutil.which("wrk") is not None


@contextmanager
def running(host: str, connection: str, clients: int = 4, rate: float = 80.0) -> Iterator[Wrk]:
    """Ask `host` all the time meanwhile, with `keep-alive` or `close`; about `rate` a second."""
    counted = Wrk()
    program = shutil.which("wrk")
    if not program:
        yield counted
        return
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "pace.lua")
        script.write_text(PACE.format(pause=round(1000 * clients / rate), connection=connection))
        options = f"-t1 -c{clients} -d{LONGEST}s --timeout 20s --latency -s".split()
        argv = [program, *options, str(script), f"http://{host}/"]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            yield counted
        finally:
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate()
            read(said, counted)


def read(said: str, into: Wrk) -> None:
    """Take over what it says at its end."""
    errors = re.search(r"Socket errors: (.*)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    into.requests = int(_first(r"(\d+) requests in", said) or 0)
    into.failed = sum(map(int, re.findall(r"\d+", errors[1]))) if errors else 0
    into.failed += int(refused[1]) if refused else 0
    into.p50 = milliseconds(_first(r"^\s+50%\s+(\S+)", said))
    into.p99 = milliseconds(_first(r"^\s+99%\s+(\S+)", said))


def milliseconds(text: str) -> float:
    """`850.00us`, `3.50ms`, `1.20s` as milliseconds."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else 0.0


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""
