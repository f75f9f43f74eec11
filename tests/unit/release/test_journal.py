"""Where `--log-json` writes."""

from __future__ import annotations

import json
import threading
from io import StringIO
from pathlib import Path

import pytest

from slipway.console import Console
from slipway.errors import UsageError
from slipway.release.journal import Journal, kept


def console() -> Console:
    return Console(out=StringIO(), err=StringIO())


def test_a_file_is_written_anew(tmp_path: Path) -> None:
    """Each deploy has its own; a line is there at once, not when the deploy ends."""
    file = tmp_path / "log.jsonl"
    file.write_text("old\n")
    here = console()
    with kept(here, str(file)):
        here.journal("deploy", services=["a"])
        assert json.loads(file.read_text())["services"] == ["a"]


def test_stdout_by_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    """`-` is stdout, as elsewhere."""
    here = console()
    with kept(here, "-"):
        here.journal("deploy")
    assert json.loads(capsys.readouterr().out)["event"] == "deploy"


def test_no_journal() -> None:
    """Without the flag nothing is written anywhere."""
    here = console()
    with kept(here, None):
        here.journal("deploy")


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    """It is told before anything is done."""
    with (
        pytest.raises(UsageError, match="is a directory"),
        kept(console(), str(tmp_path)),
    ):
        pytest.fail("must not begin")


def test_lines_of_many_threads_are_whole() -> None:
    """Services go side by side; their lines don't mix."""
    stream = StringIO()
    journal = Journal(stream)

    def work() -> None:
        for _ in range(50):
            journal("step", title="x" * 500)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in stream.getvalue().splitlines()]) == 200
