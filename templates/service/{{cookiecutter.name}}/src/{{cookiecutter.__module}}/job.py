"""The work: a report of a day. Replace `collect` by your own; keep that a day's is always the same.

Run it twice, or again after it was stopped, and the result is the same as that of one run:
schedules start a job at least once.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from datetime import UTC, date, datetime

from pydantic import BaseModel
{%- if cookiecutter.database == "postgres" %}
from sqlalchemy.dialects.postgresql import insert
{%- endif %}

from {{ cookiecutter.__module }} import {% if cookiecutter.database == "postgres" %}database, {% endif %}logs{% if cookiecutter.database == "postgres" %}, models{% endif %}
{%- if cookiecutter.cache == "redis" %}
from {{ cookiecutter.__module }}.cache import Cache
{%- endif %}
from {{ cookiecutter.__module }}.settings import Settings, load

STOPPED = 128 + signal.SIGTERM

log = logs.get(__name__)


class Report(BaseModel):
    """What is worth knowing about a day."""

    day: date
    week: int
    day_of_year: int


async def collect(day: date) -> Report:
    """Find it out; here from the calendar."""
    return Report(day=day, week=day.isocalendar().week, day_of_year=day.timetuple().tm_yday)

{% if cookiecutter.database == "postgres" %}
async def store(report: Report, settings: Settings) -> None:
    """Write it into the database, instead of the one that may be there."""
    values = report.model_dump()
    row = insert(models.Report).values(values)
    engine = database.engine(settings)
    try:
        async with engine.begin() as connection:
            await connection.execute(row.on_conflict_do_update(index_elements=["day"], set_=values))
    finally:
        await engine.dispose()

{% endif %}
{%- if cookiecutter.cache == "redis" %}
async def publish(report: Report, settings: Settings) -> None:
    """Keep it where others read it fast; a cache that is away stops nothing."""
    cache = Cache(settings)
    try:
        await cache.keep(f"report:{report.day}", report)
    finally:
        await cache.close()

{% endif %}
async def run(day: date, settings: Settings) -> Report:
    """Make the report of a day."""
    report = await collect(day)
{%- if cookiecutter.database == "postgres" %}
    await store(report, settings)
{%- endif %}
{%- if cookiecutter.cache == "redis" %}
    await publish(report, settings)
{%- endif %}
    log.info("reported", environment=settings.environment, **report.model_dump(mode="json"))
    return report


def main(words: list[str]) -> int:
    """Do the work once; the exit code: 0, 1 when it failed, 143 when it was stopped."""
    given = _parser().parse_args(words)
    settings = load()
    logs.configure(settings)
    if given.check:
        log.info("checked")
        return 0
    try:
        asyncio.run(_until_term(given.day, settings))
    except asyncio.CancelledError:
        log.warning("stopped", day=str(given.day))
        return STOPPED
    except Exception:
        log.exception("failed", day=str(given.day))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m {{ cookiecutter.__module }}")
    today = datetime.now(UTC).date()
    parser.add_argument("--day", type=date.fromisoformat, default=today, help="default: today")
    check = "load everything and end, doing nothing"
    parser.add_argument("--check", action="store_true", help=check)
    return parser


async def _until_term(day: date, settings: Settings) -> None:
    """Work; TERM ends it at the next point where it waits, and what is open is rolled back."""
    task = asyncio.current_task()
    assert task  # noqa: S101
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await run(day, settings)
