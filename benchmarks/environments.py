"""Staging on an embedded AWS of its own: seconds of init, plan, apply, no-change plan and destroy.

"Waiting" is the time in which neither Terraform, the provider nor the embedded AWS computed: the
provider's own pauses, the same against AWS, a little for containers to start, and on a busy machine
the queue for a processor, so run it on a quiet one. The platform is taken step by step; then
`invoke` does all the rest. Takes about ten minutes; ends what it starts.
"""

from __future__ import annotations

import os
import resource
import subprocess  # noqa: TID251
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from slipway import local
from slipway.aws import connect
from slipway.config import load
from slipway.console import Console
from slipway.infra import state
from slipway.infra.apply import Terraforming, apply_plan, planned, terraforming
from slipway.infra.prepare import prepare, terraform
from slipway.infra.stacks import Stack, platform_stack
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from tests.e2e.checkout import Clone, free_port, make_clone

ENVIRONMENT = "staging"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = make_clone(Path(folder), free_port())
        clone.aim_here()
        clone.unprotect(ENVIRONMENT)
        try:
            ready(clone, "setup")
            ready(clone, "local.up")
            measure(Bench.of(clone))
        finally:
            clone.invoke("local.reset", "--yes")


@dataclass
class Bench:
    """The platform of staging, and what applies it; `pid` is of the embedded AWS."""

    clone: Clone
    stack: Stack
    world: Terraforming
    pid: int

    @classmethod
    def of(cls, clone: Clone) -> Bench:
        os.environ["SLIPWAY_LOCAL_PORT"] = str(clone.port)
        checkout, runner = Checkout(clone.root), SubprocessRunner()
        settings = load(checkout, ENVIRONMENT)
        aws = connect(settings.environment, endpoint=local.address(settings.local))
        state.ready(settings, aws)
        quiet = Console(out=StringIO(), err=StringIO())
        world = terraforming(checkout, settings, runner=runner, console=quiet, aws=aws)
        pid = local.status(checkout, settings.local).pid
        return cls(clone, platform_stack(settings, checkout), world, pid)

    @contextmanager
    def row(self, what: str) -> Iterator[None]:
        """Print a line of the table: what, how long, how much of it was waiting."""
        began, used = time.monotonic(), self.computed()
        yield
        took = time.monotonic() - began
        waiting = max(0.0, took - (self.computed() - used))
        print(f"{what:32} {took:7.1f} s {waiting:7.1f} s", flush=True)

    def computed(self) -> float:
        """Seconds of the processor that our children took so far, and the embedded AWS."""
        ours = resource.getrusage(resource.RUSAGE_CHILDREN)
        argv = ["ps", "-o", "time=", "-p", str(self.pid)]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        hours, minutes, seconds = said.strip().split(":")
        its = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return ours.ru_utime + ours.ru_stime + its


def measure(bench: Bench) -> None:
    """Everything once, in order."""
    stack, world = bench.stack, bench.world
    print(f"{ENVIRONMENT:32} {'elapsed':>9} {'waiting':>9}")
    with bench.row("platform: init"):
        prepare(stack, terraform(stack, world), world)
    with ExitStack() as until_the_end:
        with bench.row("platform: plan"):
            plan = until_the_end.enter_context(planned(stack, world))
        with bench.row(f"platform: apply ({len(plan.summary.adds)} resources)"):
            apply_plan(plan, world)
    with bench.row("platform: plan without changes"), planned(stack, world) as plan:
        assert not plan.changes
    for what, words in (
        ("invoke deploy: the rest", ["deploy"]),
        ("invoke deploy: nothing to do", ["deploy"]),
        ("all stacks: plan without changes", ["deploy", "--refresh", "--dry-run"]),
        ("invoke destroy", ["destroy", f"--yes={ENVIRONMENT}", "--registry"]),
    ):
        with bench.row(what):
            ready(bench.clone, *words, f"--env={ENVIRONMENT}")


def ready(clone: Clone, *words: str) -> None:
    """An `invoke` that has to succeed."""
    ran = clone.invoke(*words, timeout=1800)
    if ran.code:
        sys.exit(f"invoke {' '.join(words)} failed:\n{ran.said}")


if __name__ == "__main__":
    main()
