"""Doing independent things side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from slipway.errors import Interrupted, SlipwayError
from slipway.signals import deferred

T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """The error that a job ended with."""

    error: SlipwayError


def each_alone(
    jobs: Mapping[str, Callable[[], T]], *, at_most: int = 8
) -> tuple[dict[str, T], dict[str, SlipwayError]]:
    """Run all jobs in threads: the results of those that succeed, the errors of those that fail.

    A signal, and what is no error of ours, is raised when all have ended.
    """

    def kept(job: Callable[[], T]) -> T | Failure:
        try:
            return job()
        except Interrupted:
            raise
        except SlipwayError as error:
            return Failure(error)

    ended = side_by_side({name: partial(kept, jobs[name]) for name in jobs}, at_most=at_most)
    errors = {name: each.error for name, each in ended.items() if isinstance(each, Failure)}
    return {name: each for name, each in ended.items() if not isinstance(each, Failure)}, errors


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
