"""`invoke --list` here against an empty tasks.py, in turns: milliseconds and their ratio.

Processor time is shown as well: it says the same on a busy machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess  # noqa: TID251
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
INVOKE = Path(sys.executable).with_name("invoke")
ROUNDS = 20


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        (empty / "tasks.py").touch()
        # The first of each writes bytecode and fills the caches.
        runs = [(timed_list(ROOT), timed_list(empty)) for _ in range(ROUNDS + 1)][1:]
    for index, kind in enumerate(("elapsed", "processor")):
        ours = statistics.median(here[index] for here, _ in runs) * 1000
        plain = statistics.median(there[index] for _, there in runs) * 1000
        print(f"{kind}: {ours:.0f} ms here, {plain:.0f} ms empty, ratio {ours / plain:.2f}")


def timed_list(folder: Path) -> tuple[float, float]:
    """Seconds that one `invoke --list` takes in a folder: elapsed, and of the processor."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began, used = time.perf_counter(), processor()
    subprocess.run(
        [INVOKE, "--list"], cwd=folder, env=environment, capture_output=True, check=False
    )
    return time.perf_counter() - began, processor() - used


def processor() -> float:
    """Seconds of processor time that all our child processes have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
