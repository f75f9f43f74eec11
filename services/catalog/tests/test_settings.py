"""Settings come from the environment and are checked at start."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from catalog import settings
from catalog.settings import Settings


@pytest.mark.parametrize(
    ("given", "prefix"), [("", ""), ("/", ""), ("/shop", "/shop"), ("/shop/", "/shop")]
)
def test_route_path(monkeypatch: pytest.MonkeyPatch, given: str, prefix: str) -> None:
    """A service that owns everything has no prefix; a closing slash means nothing."""
    monkeypatch.setenv("ROUTE_PATH", given)
    assert Settings().route_path == prefix


@pytest.mark.parametrize(
    ("name", "value"),
    [("ROUTE_PATH", "shop"), ("PORT", "0"), ("PORT", "http"), ("LOG_LEVEL", "LOUD")],
)
def test_refuses(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """What can't work is refused at start."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_wrong_setting_is_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program ends with code 2 and the variable's name, without a traceback or the value."""
    monkeypatch.setenv("LOG_LEVEL", "hunter2")
    with pytest.raises(SystemExit) as ended:
        settings.load()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("LOG_LEVEL: ")
    assert error.count("\n") == 1
    assert "hunter2" not in error


def test_waits_fit_into_the_stop_timeout() -> None:
    """Draining, work in flight and a margin end before the 45 s after which a task is killed."""
    given = Settings()
    assert given.drain_seconds + given.graceful_seconds + 5 + 5 <= 45
    assert given.request_seconds < given.graceful_seconds
    assert given.keep_alive_seconds > 60
