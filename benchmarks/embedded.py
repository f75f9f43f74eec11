"""The embedded AWS itself: seconds to its first answer, memory at rest, seconds back after kill -9.

As a process and in a container, with and without state: two tasks behind a load balancer, their
image in the registry. Takes about three minutes; ends what it starts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from slipway.contained.image import BASE
from slipway.runner import SubprocessRunner
from slipway.setup import embedded_image
from slipway.setup.images import missing
from tests.e2e.embedded import Embedded, wait_for
from tests.e2e.test_embedded_rollout import Shop, open_shop

ROUNDS = 3
SAVED = 3.0
"""Seconds after which all is saved, so that a kill loses nothing that is waited for."""


def main() -> None:
    if missing([BASE], SubprocessRunner()):
        embedded_image.mend(SubprocessRunner())
    for mode in ("process", "container"):
        with tempfile.TemporaryDirectory() as folder:
            embedded = Embedded.make(Path(folder), mode)
            try:
                measure(embedded, mode)
            finally:
                embedded.reset()


def measure(embedded: Embedded, mode: str) -> None:
    """All figures of one way to run."""
    embedded.up()  # builds the image where that is needed
    embedded.reset()
    cold = []
    for _ in range(ROUNDS):
        cold.append(seconds(embedded.up))
        at_rest = memory(embedded)
        embedded.reset()
    show(mode, "start without state, first answer", cold)
    print(f"{mode}: memory at rest, without state: {at_rest}")
    embedded.up()
    shop = open_shop(embedded)
    time.sleep(SAVED)
    print(f"{mode}: memory at rest, two tasks behind a load balancer: {memory(embedded)}")
    restarts(mode, shop, "start with state", embedded.down)
    restarts(mode, shop, "start after kill -9", embedded.kill)


def restarts(mode: str, shop: Shop, title: str, end: Callable[[], None]) -> None:
    """End it and start it again: until the API answers, and until the service does."""
    answers, serves = [], []
    for _ in range(ROUNDS):
        shop.settled()
        time.sleep(SAVED)
        end()
        began = time.monotonic()
        answers.append(seconds(shop.embedded.up))
        wait_for("traffic", lambda: shop.get() == "one")
        serves.append(time.monotonic() - began)
    show(mode, f"{title}, first answer", answers)
    show(mode, f"{title}, first request served by a task", serves)


def memory(embedded: Embedded) -> str:
    """What its processes hold, by program, in MB of resident memory."""
    time.sleep(SAVED)
    sizes: dict[str, float] = {}
    for pid in processes(embedded):
        status = (Path("/proc") / str(pid) / "status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        program = fields["Name"].strip()
        sizes[program] = sizes.get(program, 0) + int(fields["VmRSS"].split()[0]) / 1024
    return ", ".join(f"{program} {size:.0f} MB" for program, size in sizes.items())


def processes(embedded: Embedded) -> list[int]:
    """Its own process and all that it started, wherever they run."""
    waiting = [embedded.pid]
    found = []
    while waiting:
        found.append(waiting.pop())
        for children in Path(f"/proc/{found[-1]}").glob("task/*/children"):
            waiting += map(int, children.read_text().split())
    return found


def seconds(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def show(mode: str, title: str, found: list[float]) -> None:
    """The median of some rounds, and all of them."""
    rounds = ", ".join(f"{one:.2f}" for one in found)
    print(f"{mode}: {title}: {statistics.median(found):.2f} s ({rounds})", flush=True)


if __name__ == "__main__":
    main()
