"""What a rehearsal came to; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slipway.model import Verdict
from slipway.rehearse.drills import Result
from slipway.rehearse.live import Version
from slipway.rehearse.recorder import Event
from slipway.rehearse.sample import Figures, Sample, Span, between, figures

NOT_AS_EXPECTED = 20
"""Exit code where the candidate was deployed, but a request failed or a drill ended otherwise."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """How the candidate of one service was rolled out; times are monotonic.

    `before` and `after` are the tags of the images; `url` is where it answered. `note` is what
    else is to be said of one that is not good.
    """

    service: str
    verdict: Verdict
    reason: str
    cause: str
    before: str
    after: str
    strategy: str
    url: str
    began: float
    ended: float
    figures: Figures
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether it was deployed, and no client noticed."""
        return self.verdict.good and not self.figures.failed


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """All of it. `when` is ISO 8601 UTC of the moment `began` of the monotonic clock."""

    id: str
    environment: str
    when: str
    began: float
    ended: float
    rate: float
    live: Version
    candidate: Version
    changes: tuple[str, ...]
    tools: Mapping[str, str]
    candidates: tuple[Candidate, ...]
    drills: tuple[Result, ...]
    samples: Mapping[str, Sequence[Sample]]
    events: Sequence[Event] = field(default_factory=tuple)

    @property
    def verdict(self) -> Verdict:
        """The worst of the candidate's rollouts."""
        return Verdict.worst(each.verdict for each in self.candidates)

    @property
    def good(self) -> bool:
        """Whether all of it went as it has to."""
        return all(each.good for each in self.candidates) and all(each.good for each in self.drills)

    def spans(self, service: str) -> list[Span]:
        """When the candidate of a service, and each of its drills, was rolled out."""
        candidates = [
            Span("candidate", each.began, each.ended, each.good)
            for each in self.candidates
            if each.service == service
        ]
        drills = [
            Span(each.drill, each.began, each.ended, each.good)
            for each in self.drills
            if each.service == service and each.applies
        ]
        return candidates + drills

    @property
    def summary(self) -> str:
        """What it came to, in a line."""
        failed = sum(each.figures.failed for each in self.candidates)
        done = [each for each in self.drills if each.applies]
        well = sum(each.good for each in done)
        words = [
            f"candidate {self.verdict.label}",
            f"{failed or 'no'} failed request{'' if failed == 1 else 's'} while it came out",
            f"{well} of {len(done)} drills ended as expected" if done else "no drills",
        ]
        return ", ".join(words)

    @property
    def exit_code(self) -> int:
        """The verdict's own where the candidate did not get there, else whether all was well."""
        if not self.verdict.good:
            return self.verdict.exit_code
        return 0 if self.good else NOT_AS_EXPECTED


def seen(samples: Sequence[Sample], began: float, ended: float) -> Figures:
    """What clients saw from one moment to another."""
    return figures(between(samples, began, ended))


def joined(*words: str) -> str:
    """What there is to say, in a line."""
    return "; ".join(filter(None, words))


COLUMNS = ("", "what", "service", "expected", "seen", "seconds", "requests", "failed", "cause")


def rows(rehearsal: Rehearsal) -> list[tuple[object, ...]]:
    """The rehearsal as a table: the candidate first, then the drills."""
    return [
        *(_candidate_row(each) for each in rehearsal.candidates),
        *(_drill_row(each) for each in rehearsal.drills),
    ]


def _candidate_row(each: Candidate) -> tuple[object, ...]:
    wanted, took = Verdict.DEPLOYED.label, f"{each.ended - each.began:.0f}"
    asked, failed = each.figures.requests, each.figures.failed
    start = ("ok" if each.good else "!!", "candidate", each.service)
    why = joined("" if each.verdict.good else each.cause or each.reason, each.note)
    return (*start, wanted, each.verdict.label, took, asked, failed, why)


def _drill_row(each: Result) -> tuple[object, ...]:
    if not each.applies:
        return ("--", each.drill, each.service, "", "not applicable", "", "", "", each.note)
    expected, took = " or ".join(each.expected), f"{each.seconds:.0f}"
    start = ("ok" if each.good else "!!", each.drill, each.service)
    cause = joined(each.cause, each.note)
    return (*start, expected, each.seen, took, each.requests, each.failed, cause)


def as_data(rehearsal: Rehearsal) -> dict[str, object]:
    """The rehearsal for machines; the requests themselves are in the report."""
    return {
        "id": rehearsal.id,
        "environment": rehearsal.environment,
        "when": rehearsal.when,
        "good": rehearsal.good,
        "verdict": rehearsal.verdict.label,
        "live": {"commit": rehearsal.live.commit, "source": rehearsal.live.source},
        "candidate": {"commit": rehearsal.candidate.commit, "dirty": rehearsal.candidate.dirty},
        "changes": list(rehearsal.changes),
        "services": {each.service: _candidate_data(each) for each in rehearsal.candidates},
        "drills": [_drill_data(each) for each in rehearsal.drills],
    }


def _candidate_data(each: Candidate) -> dict[str, object]:
    return {
        "verdict": each.verdict.label,
        "reason": each.reason,
        "cause": each.cause,
        "note": each.note,
        "before": each.before,
        "after": each.after,
        "strategy": each.strategy,
        "seconds": round(each.ended - each.began, 1),
        "requests": each.figures.requests,
        "failed": each.figures.failed,
        "problems": dict(each.figures.problems),
        "p50_ms": round(each.figures.p50, 1),
        "p99_ms": round(each.figures.p99, 1),
        "versions": dict(each.figures.versions),
    }


def _drill_data(each: Result) -> dict[str, object]:
    return {
        "drill": each.drill,
        "service": each.service,
        "expected": list(each.expected),
        "seen": each.seen or "not_applicable",
        "good": each.good,
        "seconds": round(each.seconds, 1),
        "requests": each.requests,
        "failed": each.failed,
        "cause": each.cause,
        "restored": each.restored,
        "note": each.note,
    }
