"""The report and the table: all that happened, in one file that needs nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from slipway.model import Verdict
from slipway.rehearse import report, result
from slipway.rehearse.result import NOT_AS_EXPECTED, Rehearsal
from tests.rehearsal import a_rehearsal


class Page(HTMLParser):
    """What a page holds, and whether every element is closed."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.classes: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.classes += [value or "" for name, value in attrs if name == "class"]
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def rehearsal() -> Rehearsal:
    return a_rehearsal()


def test_the_report_is_one_whole_file(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Nothing is fetched from anywhere, every element is closed, and nothing runs."""
    file = tmp_path / "new" / "report.html"
    report.write(file, rehearsal)
    page = Page(file.read_text())
    assert page.open == []
    assert all(each.startswith("data:") for each in page.links)
    assert "script" not in page.tags
    assert page.classes.count("panel") == 3


def test_it_says_what_happened(rehearsal: Rehearsal) -> None:
    """Versions, commits, environment, what was changed, drills, events, tools."""
    text = report.render(rehearsal)
    for words in (
        *("staging", "deployed", "0123456789", "tag-old", "tag-new", "canary", "Terraform 1.11.4"),
        *("crash_on_start", "exits with code 1", "greeter has no database", "rollout"),
        "60 s → 2 s",
    ):
        assert words in text, words


def test_what_comes_from_outside_is_text(rehearsal: Rehearsal) -> None:
    """A cause may be anything that a container printed."""
    drill = replace(rehearsal.drills[0], cause="<script>alert(1)</script>")
    text = report.render(replace(rehearsal, drills=(drill,)))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_service_that_was_asked_nothing_has_no_chart(rehearsal: Rehearsal) -> None:
    """One without tasks is a row, and no more."""
    page = Page(report.render(replace(rehearsal, samples={"greeter": ()})))
    assert "svg" not in page.tags


def test_the_table_has_a_line_for_each(rehearsal: Rehearsal) -> None:
    """The candidate first; what does not apply is said, and is no failure."""
    rows = result.rows(rehearsal)
    assert [(row[0], row[1], row[4]) for row in rows] == [
        ("ok", "candidate", "deployed"),
        ("ok", "crash_on_start", "rolled_back"),
        ("--", "database_gone", "not applicable"),
    ]
    assert all(len(row) == len(result.COLUMNS) for row in rows)
    refused = changed(rehearsal, verdict=Verdict.FAILED, reason="no way", cause="no image")
    assert result.rows(refused)[0][-1] == "no image"


def changed(rehearsal: Rehearsal, **changes: Any) -> Rehearsal:
    """With another end of the candidate."""
    candidate = replace(rehearsal.candidates[0], **changes)
    return replace(rehearsal, candidates=(candidate,))


def test_the_exit_code_tells_the_ends_apart(rehearsal: Rehearsal) -> None:
    """0; the verdict's own where the candidate did not come out; else one for all surprises."""
    assert rehearsal.exit_code == 0
    assert changed(rehearsal, verdict=Verdict.ROLLED_BACK).exit_code == 11
    figures = replace(rehearsal.candidates[0].figures, failed=1)
    assert changed(rehearsal, figures=figures).exit_code == NOT_AS_EXPECTED
    drill = replace(rehearsal.drills[0], seen="deployed")
    assert replace(rehearsal, drills=(drill,)).exit_code == NOT_AS_EXPECTED
    assert NOT_AS_EXPECTED not in {each.exit_code for each in Verdict}


def test_a_line_sums_it_up(rehearsal: Rehearsal) -> None:
    """The verdict, failed requests, and the drills that say something."""
    assert rehearsal.summary == (
        "candidate deployed, no failed requests while it came out, 1 of 1 drills ended as expected"
    )
    assert replace(rehearsal, drills=()).summary.endswith(", no drills")
    figures = replace(rehearsal.candidates[0].figures, failed=1)
    assert "1 failed request while" in changed(rehearsal, figures=figures).summary


def test_the_time_of_each_drill_has_its_name(rehearsal: Rehearsal) -> None:
    """The candidate's and the drills' of that service; what does not apply took no time."""
    assert [each.name for each in rehearsal.spans("greeter")] == ["candidate", "crash_on_start"]
    assert rehearsal.spans("other") == []
    wrong = replace(rehearsal.drills[0], seen="deployed")
    text = report.render(replace(rehearsal, drills=(wrong,)))
    assert '<g class="band bad"><title>crash_on_start' in text


def test_machines_get_the_same_as_json(rehearsal: Rehearsal) -> None:
    """Whole, and serialisable."""
    data = json.loads(json.dumps(result.as_data(rehearsal)))
    assert (data["verdict"], data["good"]) == ("deployed", True)
    assert data["services"]["greeter"]["versions"] == {"tag-new": 50, "tag-old": 50}
    assert [(each["drill"], each["seen"]) for each in data["drills"]] == [
        ("crash_on_start", "rolled_back"),
        ("database_gone", "not_applicable"),
    ]


def test_the_packages_template_has_no_placeholder_left(rehearsal: Rehearsal) -> None:
    """All of Jinja's marks are gone."""
    assert not re.search(r"\{\{|\{%|%\}", report.render(rehearsal))
