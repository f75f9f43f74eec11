"""Which of Terraform's many lines a user sees."""

from __future__ import annotations

import json

from slipway.infra.progress import Progress


def event(kind: str, address: str = "aws_lb.this", seconds: int = 0) -> str:
    """A line as `terraform apply -json` prints it."""
    resource = {"resource": {"addr": address}, "elapsed_seconds": seconds}
    return json.dumps({"type": kind, "@message": f"{address}: {kind} {seconds}", "hook": resource})


def shown(*lines: str) -> list[str]:
    """What is shown of these lines."""
    seen: list[str] = []
    progress = Progress("platform", seen.append)
    for line in lines:
        progress(line)
    return seen


def test_only_ends_are_shown() -> None:
    """A beginning is no news; an end is, good or bad."""
    assert shown(
        event("apply_start"), event("apply_complete"), event("apply_errored", "a.b"), "no JSON"
    ) == ["platform: aws_lb.this: apply_complete 0", "platform: a.b: apply_errored 0"]


def test_what_takes_long_is_told_every_half_minute() -> None:
    """Of the line that comes every 10 s for each resource, every third is shown."""
    lines = [event("apply_progress", seconds=seconds) for seconds in range(10, 100, 10)]
    assert [each.split()[-1] for each in shown(*lines)] == ["30", "60", "90"]


def test_each_resource_has_a_clock_of_its_own() -> None:
    """Two that take long are told of both."""
    lines = [event("apply_progress", name, 30) for name in ("a.a", "b.b")]
    assert len(shown(*lines)) == 2


def test_done_is_remembered_by_address() -> None:
    """After an interrupt the message counts what was completed."""
    progress = Progress("platform", lambda _: None)
    progress(event("apply_complete"))
    progress(event("apply_errored", "a.b"))
    assert progress.done == ["aws_lb.this"]
