"""What a job's page says: Markdown, added to the file that GitHub names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.rollout.model import Outcome

VARIABLE = "GITHUB_STEP_SUMMARY"


def add(markdown: str) -> None:
    """Add to the job's summary; nothing happens outside of a job."""
    if file := os.environ.get(VARIABLE):
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(markdown.rstrip("\n") + "\n\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell(str(each)) for each in row) + " |"


def cell(text: str) -> str:
    """A text as it stands in a table's cell."""
    return text.replace("|", "\\|").replace("\n", "<br>")


def verdicts(title: str, outcomes: Mapping[str, Outcome], urls: Mapping[str, str]) -> str:
    """How services ended, and of those that did not end well why and what to do."""
    return "\n".join(_verdicts(title, outcomes, urls))


def _verdicts(
    title: str, outcomes: Mapping[str, Outcome], urls: Mapping[str, str]
) -> Iterator[str]:
    yield f"## {title}\n"
    rows = [(name, each.verdict.label, urls[name]) for name, each in outcomes.items()]
    yield from table(("service", "verdict", "url"), rows)
    for name, each in outcomes.items():
        if not each.verdict.good:
            yield f"\n**{name}**: {each.reason}"
            if each.cause:
                yield f"\n- cause: {each.cause.title}"
                yield from (f"- next: {each.cause.remedy}" for _ in each.cause.remedy[:1])
