from __future__ import annotations

from pathlib import Path

import pytest

from slipway.paths import Checkout
from slipway.setup import embedded
from slipway.testing import FakeRunner, printed


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The uv that runs us."""
    path = tmp_path / "uv"
    path.touch(0o755)
    monkeypatch.setenv("UV", str(path))
    return path


def test_it_is_ready_when_it_holds_what_is_locked(uv: Path, tmp_path: Path) -> None:
    """uv itself compares the environment with the lock file."""
    runner = FakeRunner().on(f"{uv} sync", "Would make no changes\n")
    assert embedded.look(Checkout(tmp_path), runner).ok
    assert runner.ran[0].argv[-2:] == ("--frozen", "--check")
    assert not runner.ran[0].mutates


def test_it_is_filled_from_the_lock_file(uv: Path, tmp_path: Path) -> None:
    """Never into the environment of whoever runs us."""
    runner = FakeRunner().on(f"{uv} sync", printed("", code=1))
    assert embedded.look(Checkout(tmp_path), runner).would.endswith("--frozen")
    runner = FakeRunner().on(f"{uv} sync", "")
    embedded.mend(Checkout(tmp_path), runner)
    [sync] = runner.ran
    assert sync.mutates
    assert sync.argv[1:4] == ("sync", "--project", str(tmp_path / "src/embedded_aws"))
    assert sync.env["VIRTUAL_ENV"] is None
    assert sync.env["UV_PROJECT_ENVIRONMENT"] is None
