"""The work, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
{%- if cookiecutter.database == "postgres" %}
from sqlalchemy import select
{%- endif %}

from {{ cookiecutter.__module }} import {% if cookiecutter.database == "postgres" %}database, {% endif %}job, logs{% if cookiecutter.database == "postgres" %}, migrate, models{% endif %}
from {{ cookiecutter.__module }}.job import Report
{%- if cookiecutter.database == "postgres" %}
from {{ cookiecutter.__module }}.settings import Settings
{%- endif %}

Lines = Callable[[str], list[dict[str, Any]]]

{%- if cookiecutter.database == "postgres" %}
DAY = date(2027, 1, 31)
REPORT = Report(day=DAY, week=4, day_of_year=31)
{%- endif %}


@pytest.fixture(autouse=True)
def _logged(monkeypatch: pytest.MonkeyPatch, lines: Lines) -> None:
    """Keep the program from sending its log elsewhere."""
    assert not lines("anything")
    monkeypatch.setattr(logs, "configure", lambda _: None)
{%- if cookiecutter.database == "postgres" %}


@pytest.fixture
def _stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what is stored, where there is no database."""

    async def store(*_: object) -> None: ...

    monkeypatch.setattr(job, "store", store)
{%- endif %}


{% if cookiecutter.database == "postgres" %}@pytest.mark.usefixtures("_stored")
{% endif %}def test_reports_a_day(lines: Lines) -> None:
    """One line tells what was found out; a second run finds the same."""
    assert job.main(["--day=2027-01-31"]) == job.main(["--day=2027-01-31"]) == 0
    first, second = lines("reported")
    del first["timestamp"], second["timestamp"]
    assert first == second
    assert (first["day"], first["week"], first["day_of_year"]) == ("2027-01-31", 4, 31)


def test_a_failure_is_one_line_and_code_1(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ECS shows is the code; what went wrong is in the log."""

    async def collect(_: date) -> Report:
        raise RuntimeError("no calendar")

    monkeypatch.setattr(job, "collect", collect)
    assert job.main([]) == 1
    (line,) = lines("failed")
    assert line["level"] == "error"
    assert "no calendar" in line["exception"]


def test_term_stops_it(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the code of a process that TERM has ended."""

    async def collect(_: date) -> Report:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(job, "collect", collect)
    assert job.main([]) == 128 + signal.SIGTERM
    assert len(lines("stopped")) == 1


def test_a_check_does_nothing(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy tries an image that way before it is pushed."""
    monkeypatch.setattr(job, "collect", None)
    assert job.main(["--check"]) == 0
    assert len(lines("checked")) == 1


@pytest.mark.parametrize("words", [["--day=today"], ["--dya=2027-01-31"], ["now"]])
def test_wrong_words_are_refused(words: list[str]) -> None:
    """Before anything is done."""
    with pytest.raises(SystemExit) as ended:
        job.main(words)
    assert ended.value.code == 2


def test_the_program_runs() -> None:
    """As its container runs it."""
    command = [sys.executable, "-m", "{{ cookiecutter.__module }}", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert json.loads(done.stdout)["event"] == "checked"
{%- if cookiecutter.database == "postgres" %}


def test_a_day_has_one_row(server: Callable[[str], Settings]) -> None:
    """Where DATABASE_HOST is given: a second report takes the place of the first."""
    settings = server("DATABASE_HOST")

    async def run() -> int:
        await migrate.migrate(settings, {})
        await job.store(REPORT.model_copy(update={"week": 0}), settings)
        await job.store(REPORT, settings)
        engine = database.engine(settings)
        async with engine.connect() as connection:
            query = select(models.Report.week).where(models.Report.day == DAY)
            (week,) = await connection.scalars(query)
        await engine.dispose()
        return int(week)

    assert asyncio.run(run()) == REPORT.week
{%- endif %}
