"""What became of each key of a source, for people and for programs; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.importing.draft import Draft, Finding, Outcome, written

NAME = "IMPORTED.md"

TITLES: Mapping[Outcome, tuple[str, str]] = {
    "left": ("Not carried over", "What there is instead, or what to do."),
    "unknown": ("Not known", "Keys that no rule of the import is about."),
    "changed": ("Carried over, changed", "Read these: they are not what they were."),
    "given": ("Not needed", "Slipway has this by itself."),
    "carried": ("Carried over", "As they were."),
}
"""The parts of the report, what asks for a decision first."""

WORDS: Mapping[Outcome, str] = {
    "carried": "carried over",
    "changed": "changed",
    "given": "not needed",
    "left": "not carried over",
    "unknown": "not known",
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A draft that is ready, with what it was made of."""

    service: str
    source: str
    format: str
    draft: Draft

    def counts(self) -> dict[str, int]:
        """How many keys of the source had which outcome."""
        findings = self.draft.findings
        return {
            outcome: sum(len(each.covers) for each in findings if each.outcome == outcome)
            for outcome in TITLES
        }

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "service": self.service,
            "source": self.source,
            "format": self.format,
            "counts": self.counts(),
            "findings": [_data(each) for each in self.draft.findings],
            "todo": list(self.draft.todo),
            "manifest": self.draft.values,
        }


def summary(report: Report) -> str:
    """How many keys went where, in one line."""
    counts = report.counts()
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in WORDS.items())


def markdown(report: Report) -> str:
    """The page that is put beside the service.toml."""
    lines = [
        f"# {report.service}: what was imported",
        "",
        f"From `{report.source}` ({report.format}): {summary(report)}.",
        "Delete this page when all of it is settled.",
        "",
    ]
    if report.draft.todo:
        lines += ["## To do", "", *(f"- {each}" for each in report.draft.todo), ""]
    for outcome in TITLES:
        lines += _part(report, outcome)
    return "\n".join(lines)


def _part(report: Report, outcome: Outcome) -> Iterable[str]:
    found = [each for each in report.draft.findings if each.outcome == outcome]
    if not found:
        return []
    title, about = TITLES[outcome]
    several = len({each.file for each in report.draft.findings}) > 1
    return [
        f"## {title}",
        "",
        about,
        "",
        "| key | becomes | why |",
        "|---|---|---|",
        *(_row(each, several=several) for each in found),
        "",
    ]


def _row(finding: Finding, *, several: bool) -> str:
    file = f"{finding.file}: " if several else ""
    key = f"`{shown_key(finding)}`" if finding.key else ""
    return f"| {file}{_places(finding)} | {key} | {_cell(finding.why)} |"


def shown_key(finding: Finding) -> str:
    """The key of service.toml as people write it."""
    *table, last = finding.key
    return f"{'.'.join(table)} ({last})" if table[-1:] == ["secrets"] else ".".join(finding.key)


def _places(finding: Finding) -> str:
    """The place, and of one that holds others all that are in it."""
    inner = [each[len(finding.place) :] for each in finding.covers if each != finding.place]
    names = ", ".join(f"`{_cell(written(each))}`" for each in inner)
    top = f"`{_cell(written(finding.place)) or '.'}`"
    return f"{top} ({names})" if names else top


def _cell(text: str) -> str:
    """A text that ends no cell and no line."""
    return " ".join(text.replace("|", "\\|").split())


def _data(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "key": written(finding.place),
        "outcome": finding.outcome,
        "becomes": ".".join(finding.key),
        "why": finding.why,
        "covers": list(map(written, finding.covers)),
    }


def decisions(report: Report) -> Iterator[tuple[str, str]]:
    """What a person has to look at: the key, and why."""
    for outcome in ("left", "unknown", "changed"):
        for each in report.draft.findings:
            if each.outcome == outcome:
                yield f"{each.file}: {written(each.place)}", f"{WORDS[outcome]}: {each.why}"
