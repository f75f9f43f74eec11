"""What the console writes where."""

from __future__ import annotations

import io

import pytest

from slipway.console import Console


class Closed(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_nobody_reads_the_progress() -> None:
    """Work goes on when stderr is gone, as after Ctrl-C with `|& tee`."""
    done = []
    console = Console(out=io.StringIO(), err=Closed())
    with console.step("tidy up"):
        done.append(True)
    console.warn("unseen")
    assert done


def test_nobody_reads_the_result() -> None:
    """A result that can't be delivered is an error; the guard of the task makes it a quiet one."""
    with pytest.raises(BrokenPipeError):
        Console(out=Closed(), err=io.StringIO()).result("found")
