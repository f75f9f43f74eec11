"""A line as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.logs.show import Style, document
from slipway.logs.source import Event
from tests.cases_files import cases

AT = int(datetime(2026, 11, 28, 10, tzinfo=UTC).timestamp() * 1000) + 123


def event(message: str, service: str = "app") -> Event:
    return Event(at=AT, service=service, task="t", message=message)


@pytest.mark.parametrize("case", cases("logs"))
def test_a_line_is_shown_like_this(case: Mapping[str, Any]) -> None:
    """One service, no colours."""
    shown = Style(coloured=False, services=["app"]).line(event(case["message"]))
    assert shown.split("\n") == case["shown"]


def test_several_services_are_told_apart() -> None:
    """Each line begins with its service; at a terminal in a colour of its own."""
    services = ["app", "orders"]
    assert Style(coloured=False, services=services).line(event("a")).startswith("app    2026-")
    first, second = (
        Style(coloured=True, services=services).line(event("a", name)) for name in services
    )
    assert first.startswith("\x1b[36mapp   \x1b[0m ")
    assert second.startswith("\x1b[35morders\x1b[0m ")


def test_a_document_has_the_fields() -> None:
    """Or the text, where a line has none."""
    assert document(event('{"event": "x"}'))["message"] == {"event": "x"}
    assert document(event("x")) == {
        "at": "2026-11-28T10:00:00.123+00:00",
        "service": "app",
        "task": "t",
        "message": "x",
    }
