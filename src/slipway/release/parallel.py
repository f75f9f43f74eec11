"""Doing independent things side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from slipway.errors import Interrupted
from slipway.signals import deferred

T = TypeVar("T")


def side_by_side(jobs: Mapping[str, Callable[[], T]], *, at_most: int = 8) -> dict[str, T]:
    """Run all jobs in threads and return their results by name.

    Waits for every job, then raises what went wrong first; so nobody's half-done work is left
    running behind an error. A job that was interrupted matters only if nothing else went wrong.
    """
    if not jobs:
        return {}
    # On a signal the jobs end by themselves; `Stopped` would break off the waiting for them.
    with deferred():
        with ThreadPoolExecutor(max_workers=min(at_most, len(jobs))) as pool:
            futures = {name: pool.submit(job) for name, job in jobs.items()}
        errors = [error for future in futures.values() if (error := future.exception())]
        if errors:
            raise min(errors, key=lambda error: isinstance(error, Interrupted))
        return {name: future.result() for name, future in futures.items()}
