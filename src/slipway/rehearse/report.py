"""The report of a rehearsal: one HTML file that needs nothing else."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from slipway.rehearse import result
from slipway.rehearse.chart import Chart, chart
from slipway.rehearse.result import Rehearsal


def write(file: Path, rehearsal: Rehearsal) -> None:
    """Write the report; makes the folder where there is none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render(rehearsal), encoding="utf-8")


def render(rehearsal: Rehearsal) -> str:
    """The report as HTML; whatever comes from outside is escaped."""
    from jinja2 import Environment, StrictUndefined

    engine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = files("slipway.rehearse").joinpath("report.html").read_text(encoding="utf-8")
    return engine.from_string(text).render(
        rehearsal=rehearsal,
        charts=charts(rehearsal),
        columns=result.COLUMNS,
        rows=result.rows(rehearsal),
    )


def charts(rehearsal: Rehearsal) -> list[Chart]:
    """A chart for each service that was asked."""
    return [
        chart(name, samples, rehearsal.events, rehearsal.spans(name))
        for name, samples in rehearsal.samples.items()
        if samples
    ]
