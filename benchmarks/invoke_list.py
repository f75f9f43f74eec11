"""`invoke --list` here against an empty tasks.py, in turns: milliseconds and their ratio."""

from __future__ import annotations

import os
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
        times: dict[Path, list[float]] = {ROOT: [], empty: []}
        for _ in range(ROUNDS + 1):
            for place, taken in times.items():
                taken.append(timed_list(place))
    # The first of each writes bytecode and fills the caches.
    ours, plain = (statistics.median(taken[1:]) * 1000 for taken in times.values())
    print(f"invoke --list: {ours:.0f} ms here, {plain:.0f} ms empty, ratio {ours / plain:.2f}")


def timed_list(folder: Path) -> float:
    """Seconds that one `invoke --list` takes in a folder."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(
        [INVOKE, "--list"], cwd=folder, env=environment, capture_output=True, check=False
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
