"""Whether all jobs of a workflow were good: the one check that a branch has to require."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that the gate waits for; `good` is false for one that stands in the way."""

    name: str
    result: str
    good: bool


def judge(needs: str, may_skip: Sequence[str]) -> list[Job]:
    """The jobs of GitHub's `toJSON(needs)`: a success is good, a skip only where it may be; pure.

    Raises `UsageError` for what is no such JSON, and for a job in `may_skip` that is not there.
    """
    results = dict(_results(needs))
    if unknown := sorted(set(may_skip) - results.keys()):
        raise UsageError(
            f"ci.gate: --may-skip={','.join(unknown)}: the gate waits for no such job",
            next_step=f"name some of {', '.join(results)}, or have `needs` of the gate name it",
        )
    return [
        Job(
            name=name,
            result=result,
            good=result == "success" or (result == "skipped" and name in may_skip),
        )
        for name, result in results.items()
    ]


def _results(needs: str) -> Iterator[tuple[str, str]]:
    try:
        found = json.loads(needs)
        if not found:
            raise ValueError("no jobs")
        yield from ((str(name), str(job["result"])) for name, job in found.items())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "ci.gate: --needs is not what GitHub's toJSON(needs) gives",
            next_step='such as --needs=\'{"check": {"result": "success"}}\'',
        ) from error
