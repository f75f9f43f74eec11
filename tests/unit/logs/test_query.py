"""Which lines are wanted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from slipway.errors import UsageError
from slipway.logs.query import Query, moment

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("2026-11-28", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-11-28T10:00", datetime(2026, 11, 28, 10, tzinfo=UTC)),
        ("2026-11-28T10:00:00+01:00", datetime(2026, 11, 28, 9, tzinfo=UTC)),
    ],
)
def test_a_time_or_how_long_ago(text: str, expected: datetime) -> None:
    """In milliseconds; a time without a zone is UTC."""
    assert moment(text, NOW) == int(expected.timestamp() * 1000)


@pytest.mark.parametrize("text", ["15", "m", "yesterday", "-5m", "2026-13-01", "2027-01-01"])
def test_anything_else_is_refused(text: str) -> None:
    """With what there is to choose from."""
    with pytest.raises(UsageError, match=f"--since={text}") as refused:
        moment(text, NOW)
    assert "--since=15m" in refused.value.next_step


def test_a_text_is_looked_for_as_it_stands() -> None:
    """Its blanks and signs mean nothing to CloudWatch when it is quoted; a pattern stays one."""
    assert Query(since=0, text='GET "/a"').pattern == r'"GET \"/a\""'
    for pattern in ("{ $.status = 500 }", "?a ?b", '"a" -"b"', "-b", "%x%"):
        assert Query(since=0, text=pattern).pattern == pattern
    query = Query(since=0, text="GET /a")
    assert query.fits("x GET /a y")
    assert not query.fits("/a GET")


def test_kinds_are_told_apart_by_fields() -> None:
    """Of the one group that has all lines; not in a group of their own."""
    access = json.dumps({"logger": "app.access", "level": "info"})
    error = json.dumps({"logger": "app", "level": "error"})
    query = Query(since=0, kind="access")
    assert query.pattern == '{ $.logger = "*.access" }'
    assert (query.fits(access), query.fits(error), query.fits("text")) == (True, False, False)
    assert Query(since=0, kind="errors").fits(error)
    assert not Query(since=0, kind="errors").fits(access)
    routed = Query(since=0, kind="access", sifts=False)
    assert (routed.pattern, routed.fits("text")) == ("", True)


def test_a_release_is_known_by_its_version() -> None:
    """Lines carry the version of the code that wrote them."""
    query = Query(since=0, kind="errors", version="v1")
    assert query.pattern == '{ ($.level = "error" || $.level = "critical") && $.version = "v1" }'
    assert query.fits(json.dumps({"level": "error", "version": "v1"}))
    assert not query.fits(json.dumps({"level": "error", "version": "v2"}))
