"""The report in a real browser: charts and rows are drawn, and nothing is complained about."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.rehearse import report
from tests import browser
from tests.rehearsal import a_rehearsal

MEASURE = """({
  title: document.title,
  rows: document.querySelectorAll('#verdicts tbody tr').length,
  events: document.querySelectorAll('.events tbody tr').length,
  charts: [...document.querySelectorAll('svg.panel')].map(each => each.clientHeight),
  series: [...document.querySelectorAll('path.series')].map(path => path.getBBox().width),
  marks: [...document.querySelectorAll('.mark line')].map(line => line.getBBox().height),
  bands: [...document.querySelectorAll('.band .name')].map(each => each.getBBox().width),
  fetched: performance.getEntriesByType('resource').length,
  wide: document.documentElement.scrollWidth <= window.innerWidth,
})"""


@pytest.mark.tools
def test_the_report_is_drawn_by_a_browser(tmp_path: Path) -> None:
    """Three charts with their lines and marks, all rows, nothing fetched, no error."""
    found = browser.find()
    if not found:
        pytest.skip("no Chromium here (apt-get install chromium, or CHROMIUM=/path/to/it)")
    page = tmp_path / "report.html"
    report.write(page, a_rehearsal())
    seen = browser.look(found, page, MEASURE, tmp_path)
    assert seen.console == ()
    measured = seen.measured
    assert measured["title"] == "Rehearsal of staging: good"
    assert (measured["rows"], measured["events"], measured["fetched"]) == (3, 2, 0)
    assert len(measured["charts"]) == 3
    assert all(height > 100 for height in measured["charts"])
    # Two versions, the failures, two latencies; two events in each of three charts.
    assert len(measured["series"]) == 5
    assert all(width > 400 for width in measured["series"])
    assert [height > 100 for height in measured["marks"]] == [True] * 6
    assert len(measured["bands"]) == 2
    assert measured["wide"]
