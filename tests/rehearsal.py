"""A rehearsal that went well, to make reports of."""

from __future__ import annotations

from slipway.model import Verdict
from slipway.rehearse.drills import Result
from slipway.rehearse.live import Version
from slipway.rehearse.recorder import Event
from slipway.rehearse.result import Candidate, Rehearsal, seen
from slipway.rehearse.sample import Sample

BEGIN = 1000.0


def samples() -> tuple[Sample, ...]:
    """Ten requests a second for ten seconds; the version changes half-way."""
    return tuple(
        Sample(BEGIN + n / 10, 0.02, "/greeter/health", "tag-old" if n < 50 else "tag-new", "")
        for n in range(100)
    )


def a_rehearsal() -> Rehearsal:
    """Of `staging`: the candidate came out, one drill was done and one does not apply."""
    commit = "0123456789abcdef"
    candidate = Candidate(
        service="greeter",
        verdict=Verdict.DEPLOYED,
        reason="",
        cause="",
        before="tag-old",
        after="tag-new",
        strategy="canary",
        url="http://127.0.0.1/greeter",
        began=BEGIN,
        ended=BEGIN + 20,
        figures=seen(samples(), BEGIN, BEGIN + 20),
    )
    crash = Result(
        drill="crash_on_start",
        does="the new containers end with code 1 as they start",
        service="greeter",
        expected=("rolled_back",),
        seen="rolled_back",
        began=BEGIN + 5,
        ended=BEGIN + 9,
        seconds=3,
        requests=40,
        cause="the container exits with code 1",
    )
    without = Result(
        drill="database_gone",
        does="the database servers are stopped",
        service="greeter",
        expected=(),
        seen="",
        note="greeter has no database",
    )
    return Rehearsal(
        id="20261120T120000-abcd",
        environment="staging",
        when="2026-11-20T12:00:00+00:00",
        began=BEGIN,
        ended=BEGIN + 60,
        rate=50,
        live=Version(commit=commit, source="the last commit"),
        candidate=Version(commit=commit, source="the working tree", dirty=True),
        changes=("a minute: 60 s → 2 s",),
        tools={"Terraform": "1.11.4"},
        candidates=(candidate,),
        drills=(crash, without),
        samples={"greeter": samples()},
        events=(Event(BEGIN + 2, "▸ rollout"), Event(BEGIN + 6, "✗ rollout  4.0 s")),
    )
