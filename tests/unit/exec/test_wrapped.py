"""A command whose exit code arrives."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from slipway.exec.wrapped import Output, command, mark

MARK = "\x1e0123456789"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_marks_are_found_however_the_output_is_cut(size: int) -> None:
    """What is before, between and behind them is told apart; nothing of a mark is shown."""
    whole = f"noise{MARK};out\x1e01 put{MARK}42;more".encode()
    output = Output(MARK.encode())
    shown = b"".join(
        output.passed(whole[begin : begin + size]) for begin in range(0, len(whole), size)
    )
    assert shown == b"out\x1e01 put"
    assert output.code == 42


def test_input_waits_for_the_beginning() -> None:
    """Sent before, a terminal would read it aloud."""
    output = Output(MARK.encode())
    output.passed(MARK[:4].encode())
    assert not output.begun
    output.passed(f"{MARK[4:]};".encode())
    assert (output.begun, output.code) == (True, None)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("words", "shown", "code"),
    [
        (("echo", "it's", '"a b"', "$HOME", "é"), 'it\'s "a b" $HOME é\n', 0),
        (("sh", "-c", "exit 7"), "", 7),
        (("no-such-command",), "", 127),
    ],
)
def test_a_shell_makes_of_it_what_was_meant(words: tuple[str, ...], shown: str, code: int) -> None:
    """Words arrive as they are, and the exit code comes back."""
    marked = mark()
    argv = shlex.split(command(words, marked, plain=True))
    ran = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    output = Output(marked.encode())
    assert output.passed(ran.stdout).decode() == shown
    assert output.code == code
