"""`invoke local.…`: what is told of the embedded AWS, without one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway import local
from slipway.cli.app import App
from slipway.cli.local import down, reset, up
from slipway.paths import Checkout
from slipway.runner import DryRunner
from slipway.testing import FakeRunner
from tests.unit.local.test_local import answers, health

URL = {"url": "http://127.0.0.1:4599", "port": 4599}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with the environment of an embedded AWS, whose commands only seem to run."""
    checkout = Checkout(tmp_path)
    checkout.config.write_text('[project]\nname = "shop"\n[local]\nport = 4599\nmode = "process"\n')
    local.python(checkout).parent.mkdir(parents=True)
    local.python(checkout).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_LOCAL_PORT", raising=False)
    monkeypatch.setattr(App, "runner", property(runner))
    return checkout


def runner(app: App) -> Any:
    fake = FakeRunner().on(str(local.python(app.checkout)))
    return DryRunner(fake, show=app.console.line) if app.dry_run else fake


def noted(checkout: Checkout) -> None:
    """An instance that was started: this process, for one that lives."""
    local.folder(checkout).mkdir(parents=True, exist_ok=True)
    file = local.folder(checkout) / "pid"
    file.write_text(json.dumps({"pid": os.getpid(), "port": 4599}))


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_up_as_json(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it answers, and whether it was started for it, or would be."""
    answers(monkeypatch, None)
    up.body(Context(), dry_run=True, json=True)
    assert document(capsys) == {**URL, "started": True, "dry_run": True}
    answers(monkeypatch, None, None, None, health(checkout))
    up.body(Context(), json=True)
    assert document(capsys) == {**URL, "started": True, "dry_run": False}
    up.body(Context(), json=True)
    assert document(capsys) == {**URL, "started": False, "dry_run": False}


@pytest.mark.parametrize("dry_run", [True, False])
def test_down_as_json(
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dry_run: bool,
) -> None:
    """Whether there was one to stop."""
    answers(monkeypatch, None)
    down.body(Context(), dry_run=dry_run, json=True)
    assert document(capsys) == {"stopped": False, "dry_run": dry_run}
    noted(checkout)
    down.body(Context(), dry_run=dry_run, json=True)
    assert document(capsys) == {"stopped": True, "dry_run": dry_run}


def test_down_finds_one_whose_note_is_gone(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A container outlives the client that started it; a port of somebody else's is no error."""
    answers(monkeypatch, health(checkout))
    down.body(Context(), json=True)
    assert document(capsys)["stopped"] is True
    answers(monkeypatch, local.Foreign("nginx"))
    down.body(Context(), json=True)
    assert document(capsys)["stopped"] is False


def test_reset_as_json(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same shape where it never ran."""
    answers(monkeypatch, None)
    reset.body(Context(), yes=True, json=True)
    assert document(capsys) == {"stopped": False, "forgotten": False, "dry_run": False}
    noted(checkout)
    reset.body(Context(), dry_run=True, json=True)
    assert document(capsys) == {"stopped": True, "forgotten": True, "dry_run": True}
    reset.body(Context(), yes=True, json=True)
    assert document(capsys) == {"stopped": True, "forgotten": True, "dry_run": False}
