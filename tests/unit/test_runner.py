"""The one place that starts processes, with real ones."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from slipway.command import command
from slipway.errors import CommandFailed, Interrupted, ToolError
from slipway.runner import DryRunner, SubprocessRunner

pytestmark = pytest.mark.tools


def test_output() -> None:
    """stdout comes alone, and with stderr; each line is handed over as it comes."""
    lines: list[str] = []
    result = SubprocessRunner().run(
        command("sh", "-c", "echo out; echo err >&2"), on_line=lines.append
    )
    assert (result.code, result.stdout) == (0, "out\n")
    assert sorted(result.output.splitlines()) == sorted(lines) == ["err", "out"]


def test_stdin() -> None:
    """A command is fed its text, also where it reads none of it."""
    runner = SubprocessRunner()
    assert runner.run(command("cat", stdin="hello")).stdout == "hello"
    assert runner.run(command("true", stdin="x" * 200_000)).code == 0


def test_failure_shows_the_tail_without_secrets() -> None:
    """The error has the command, its code and its last lines, secrets masked."""
    with pytest.raises(CommandFailed) as failed:
        SubprocessRunner().run(command("sh", "-c", "echo key s3cret; exit 3", secrets=("s3cret",)))
    assert failed.value.code == 3
    assert "s3cret" not in str(failed.value)
    assert failed.value.message.endswith("ended with code 3\nkey ****")


def test_unknown_program() -> None:
    """A program that does not exist is a tool to be set up."""
    with pytest.raises(ToolError, match="no-such-tool: not found"):
        SubprocessRunner().run(command("no-such-tool"))


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables are laid over ours, and None takes one away."""
    monkeypatch.setenv("OURS", "kept")
    monkeypatch.setenv("BROKEN", "/no/such/file")
    show = command("sh", "-c", "echo $OURS-$NEW-$BROKEN-", env={"NEW": "1", "BROKEN": None})
    assert SubprocessRunner().run(show).stdout == "kept-1--\n"


def test_interrupt_gives_children_time() -> None:
    """Every child gets one INT and may tidy up; then its `run` ends with `Interrupted`."""
    runner, ready = SubprocessRunner(), threading.Barrier(3, timeout=10)
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if line == "ready":
            ready.wait()

    loop = "trap 'echo INT; n=1' INT; echo ready; while [ -z $n ]; do sleep 0.05; done; exit 1"
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(runner.run, command("sh", "-c", loop), on_line=hear) for _ in "ab"]
        ready.wait()
        runner.interrupt()
    assert [type(run.exception()) for run in runs] == [Interrupted, Interrupted]
    assert lines.count("INT") == 2


def test_nothing_starts_after_an_interrupt(tmp_path: Path) -> None:
    """What has not begun does not begin."""
    runner = SubprocessRunner()
    runner.interrupt()
    with pytest.raises(Interrupted, match="not started: touch"):
        runner.run(command("touch", tmp_path / "made"))
    assert not (tmp_path / "made").exists()


def test_no_child_misses_the_interrupt() -> None:
    """Children that start while the interrupt goes out either get it or are not started."""
    for _ in range(20):
        runner = SubprocessRunner()
        run = partial(runner.run, command("sleep", "30"))
        with ThreadPoolExecutor() as pool:
            runs = [pool.submit(run) for _ in range(3)]
            pool.submit(runner.interrupt)
        assert {type(run.exception()) for run in runs} == {Interrupted}


def test_kill() -> None:
    """What ignores INT is ended at once."""
    runner, ready = SubprocessRunner(), threading.Event()
    loop = command("sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 0.05; done")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(runner.run, loop, on_line=lambda line: ready.set())
        assert ready.wait(10)
        runner.interrupt()
        runner.kill()
        assert isinstance(run.exception(timeout=10), Interrupted)


def test_dry_run_only_looks() -> None:
    """A dry run runs what looks, and shows what would change something."""
    shown: list[str] = []
    runner = DryRunner(SubprocessRunner(), show=shown.append)
    assert runner.run(command("echo", "look")).stdout == "look\n"
    assert runner.run(command("rm", "-r", "all", mutates=True)).stdout == ""
    assert shown == ["would run: rm -r all"]
