"""`invoke history`, `diff`, `rollback` and `promote`: what they print, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from slipway.cli import deploy, diff, history, promote, rollback
from slipway.errors import UsageError
from slipway.model import Verdict
from slipway.release.world import Site
from tests.fake_ecs import FAMILY, FakeEcs, definition, deployment
from tests.release_site import make_site, push, release, wrote


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Two releases of app, of which the second serves; every command reaches it."""
    ecs = FakeEcs([[deployment(2, 4, "COMPLETED")]])
    with make_site(ecs) as made:
        for number in (3, 4):
            image = push(made, f"v{number}")
            ecs.definitions[f"{FAMILY}:{number}"] = definition(number, image)
            wrote(made, release(number, image=image))
        for module in (history, diff, rollback):
            monkeypatch.setattr(module, "open_site", lambda *_: made)
        yield made


def test_the_history_is_a_table(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest first; the one that serves has its mark; explanations go to stderr."""
    wrote(site, release(5, "failed", reason="it exits with code 1"))
    history.history.body(Context(), env="local")
    told = capsys.readouterr()
    _, failed, serving, older = told.out.splitlines()
    assert failed.split()[:3] == [release(5).id, "app", "failed"]
    assert serving.startswith(f"*  {release(4).id}")
    assert older.split()[0] == release(3).id
    assert told.err == f"{release(5).id}: it exits with code 1\n"


def test_the_history_is_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is known, not only what the table has room for."""
    history.history.body(Context(), env="local", lines=1, json=True)
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["id"], found["serves"], found["schema_version"]) == (release(4).id, True, 2)


@pytest.mark.parametrize("lines", [0, -1])
def test_no_lines_are_no_history(site: Site, lines: int) -> None:
    """A slip is told before anything is asked for."""
    with pytest.raises(UsageError, match="--lines"):
        history.history.body(Context(), env="local", lines=lines)


def test_the_last_two_are_compared(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Without ids: the newest, and the verified one before it."""
    diff.diff.body(Context(), env="local", service="app", json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["from"], found["to"]) == (release(3).id, release(4).id)
    assert found["image"]["version"] == ["v3", "v4"]


def test_a_dry_rollback_says_where_to(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The release by id, version and commit; nothing is touched."""
    ended = rollback.rollback.body(Context(), env="local", service="app", dry_run=True)
    assert ended is Verdict.UNCHANGED
    assert f"app would go back to release {release(3).id} (version v3)" in capsys.readouterr().out
    assert site.aws.ecs.count("update_service") == 0  # type: ignore[attr-defined]


def test_a_dry_rollback_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts that ask first."""
    words = {"env": "local", "service": "app", "dry_run": True, "json": True}
    rollback.rollback.body(Context(), **words)  # type: ignore[arg-type]
    found = json.loads(capsys.readouterr().out)
    assert (found["release"], found["to"]) == (release(3).id, f"{FAMILY}:3")
    assert found["from"] == f"{FAMILY}:4"


def test_an_environment_is_not_promoted_to_itself() -> None:
    """Nothing would come of it but a release that says so."""
    with pytest.raises(UsageError, match="both local"):
        promote.promote.body(Context(), from_="local", to="local")


def test_resuming_begins_nothing() -> None:
    """So there is no dry run of it."""
    with pytest.raises(UsageError, match="--resume"):
        deploy.deploy.body(Context(), env="local", resume=True, dry_run=True)


def test_a_rollback_keeps_a_log(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A JSON line per step and verdict, as of a deploy."""
    monkeypatch.setattr(rollback, "open_site", lambda app, *_: replace(site, console=app.console))
    log = tmp_path / "log"
    words: Any = {"env": "local", "service": "app", "to": release(4).id, "log_json": str(log)}
    assert rollback.rollback.body(Context(), **words) is Verdict.UNCHANGED
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert "way back" in {each.get("title") for each in events}
    assert "nothing to do" in capsys.readouterr().out
