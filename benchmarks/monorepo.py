"""A repository of 300 services: `invoke --list`, `affected`, `new` and `config` in it.

Each takes turns with `invoke --list` in this checkout. Elapsed seconds are those of this machine as
busy as it is; processor time says more, and the ratio of it most.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess  # noqa: TID251
import sys
import tempfile
import time
from pathlib import Path

from slipway.paths import Checkout
from slipway.scaffold import template

ROOT = Path(__file__).parents[1]
INVOKE = Path(sys.executable).with_name("invoke")
SERVICES = 300
ROUNDS = 5
FIRST = "svc-000"
MEASURED = {
    "--list": ("--list",),
    "affected, nothing moved": ("affected", "--base=HEAD"),
    "affected, one service's settings moved": ("affected", "--base=HEAD~1"),
    "new --dry-run": ("new", "--name=payments", "--dry-run"),
    "config": ("config", "--env=local"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkout = generate(Path(folder) / "monorepo")
        print(f"{SERVICES} services{'elapsed':>45} {'processor':>10} {'of --list with one':>19}")
        for what, words in MEASURED.items():
            # The first of each writes bytecode and fills the caches.
            runs = [
                (timed(ROOT, "--list"), timed(checkout.root, *words)) for _ in range(ROUNDS + 1)
            ]
            one, many = (middle([pair[side] for pair in runs[1:]]) for side in (0, 1))
            ratio = many[1] / one[1]
            print(f"{what:45} {many[0]:9.2f} s {many[1]:8.2f} s {ratio:17.2f} x", flush=True)


def generate(root: Path) -> Checkout:
    """A repository of its own, with two commits: one service moved between them."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(root))
    checkout = Checkout(root)
    first = template.render(
        checkout.template, {"name": FIRST, "priority": "1000"}, checkout.services
    )
    for number in range(1, SERVICES - len(list(checkout.services.iterdir())) + 1):
        copy(first, number)
    commit(root)
    moved = checkout.services / "svc-100"
    manifest = (moved / "service.toml").read_text()
    (moved / "service.toml").write_text(f"cpu = 1024\nmemory = 2048\n{manifest}")
    (moved / "Dockerfile").write_text((moved / "Dockerfile").read_text() + "# moved\n")
    commit(root)
    return checkout


def copy(first: Path, number: int) -> None:
    """The same service by another name, with a priority of its own."""
    name = f"svc-{number:03}"
    other = first.with_name(name)
    shutil.copytree(first, other)
    words = {FIRST: name, FIRST.replace("-", "_"): name.replace("-", "_")}
    words["priority = 1000"] = f"priority = {1000 + number}"
    for file in [path for path in other.rglob("*") if path.is_file()]:
        text = file.read_text()
        for old, new in words.items():
            text = text.replace(old, new)
        file.write_text(text)
    (other / "src" / FIRST.replace("-", "_")).rename(other / "src" / name.replace("-", "_"))


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=services")


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    subprocess.run(["git", *who, "-c", "commit.gpgsign=false", *words], cwd=folder, check=True)


def timed(folder: Path, *words: str) -> tuple[float, float]:
    """Seconds that one `invoke` takes in a folder: elapsed, and of the processor."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    began, used = time.perf_counter(), processor()
    argv = [str(INVOKE), *words]
    subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - began, processor() - used


def processor() -> float:
    """Seconds of processor time that all our child processes have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def middle(runs: list[tuple[float, float]]) -> tuple[float, float]:
    """The medians of both."""
    elapsed, used = zip(*runs, strict=True)
    return statistics.median(elapsed), statistics.median(used)


if __name__ == "__main__":
    main()
