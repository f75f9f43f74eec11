"""A report as lines, as JSON and as Markdown; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from slipway.ci.summary import table
from slipway.drift.model import Report

COLUMNS = ("of", "what", "difference")


def rows(report: Report) -> list[tuple[str, str, str]]:
    """A row for each difference, then for each gap."""
    return [
        *((each.of, each.kind, each.text) for each in report.findings),
        *((each.of, each.what, f"not looked at: {each.why}") for each in report.gaps),
    ]


def total(report: Report) -> str:
    """The outcome in a sentence."""
    looked = ", ".join(report.looked_at)
    gaps = f"; {len(report.gaps)} could not be looked at" if report.gaps else ""
    if not report.findings:
        return f"{report.environment}: no difference found in {looked}{gaps}"
    return f"{report.environment}: {len(report.findings)} differences in {looked}{gaps}"


def steps(report: Report) -> list[str]:
    """What to do, each once."""
    return list(dict.fromkeys(each.next_step for each in report.findings if each.next_step))


def document(report: Report) -> dict[str, object]:
    """What `--json` prints."""
    return {**asdict(report), "exit_code": report.exit_code}


def markdown(report: Report) -> str:
    """The report for an issue or a job's summary."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield f"## Drift of {report.environment}"
    yield ""
    yield total(report) + "."
    if report.findings or report.gaps:
        yield ""
        yield from table(COLUMNS, rows(report))
    if found := steps(report):
        yield ""
        yield "Next:"
        yield ""
        for each in found:
            yield f"- `{each}`"
