"""Children that somebody looks after, with real ones."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from slipway.command import command
from slipway.errors import Interrupted, ToolError
from slipway.process import Process
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.tools


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def spawn(script: str, said: list[str], runner: SubprocessRunner | None = None) -> Process:
    return (runner or SubprocessRunner()).spawn(command("sh", "-c", script), on_chunk=said.append)


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_its_end_comes_after_its_last_word() -> None:
    """Both outputs are one; the code is known when all was handed over."""
    said: list[str] = []
    process = spawn("echo out; echo err >&2; exit 3", said)
    until(lambda: process.poll() is not None)
    assert process.poll() == 3
    assert "".join(said) == "out\nerr\n"


def test_a_prompt_is_handed_over_and_answered() -> None:
    """A text without an end of line comes too, and silence is told by an empty text."""
    said: list[str] = []
    process = spawn("printf 'name? '; read name; echo hello $name", said)
    until(lambda: "" in said)
    process.write("Ada\n")
    until(lambda: process.poll() is not None)
    assert "".join(said) == "name? hello Ada\n"
    process.write("nobody listens\n")


def test_it_is_asked_to_stop_before_it_is_killed() -> None:
    """TERM gives it time; what does not listen is killed, and all that it started."""
    said: list[str] = []
    kind = spawn("trap 'echo bye; exit 0' TERM; echo on; while :; do sleep 0.05; done", said)
    until(lambda: "on\n" in said)
    kind.stop(20)
    assert "".join(said).endswith("bye\n")
    deaf: list[str] = []
    process = spawn("trap '' TERM; sleep 600 & echo $!; wait; sleep 600", deaf)
    until(lambda: "\n" in "".join(deaf))
    process.stop(0.1)
    assert process.poll() == -signal.SIGKILL
    until(lambda: not alive(int("".join(deaf))))


def test_what_a_dead_child_started_goes_too() -> None:
    """It would keep the port, and the pipe: nobody would hear of the end."""
    said: list[str] = []
    process = spawn("sleep 600 & echo $!", said)
    until(lambda: process.poll() is not None)
    until(lambda: not alive(int("".join(said))))


def test_signals_of_a_runner() -> None:
    """The first one leaves it alone, for whoever looks after it; the second one kills it."""
    runner, said = SubprocessRunner(), list[str]()
    process = spawn("echo on; sleep 600", said, runner)
    until(lambda: "on\n" in said)
    runner.interrupt()
    assert process.poll() is None
    with pytest.raises(Interrupted):
        spawn("true", [], runner)
    runner.kill()
    until(lambda: process.poll() == -signal.SIGKILL)


def test_unknown_program() -> None:
    """As of any command."""
    with pytest.raises(ToolError, match="no-such-tool: not found"):
        SubprocessRunner().spawn(command("no-such-tool"), on_chunk=print)
