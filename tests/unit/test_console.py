"""What the console writes where."""

from __future__ import annotations

import io

import pytest

from slipway.console import Console, fitted, render_table


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


COLUMNS = ("service", "health", "commit")
ROWS = (("app", "healthy", "c0ffee01"), ("orders-api", "degraded", "-"))


@pytest.mark.parametrize(
    ("room", "first"),
    [
        (80, "service     health    commit"),
        (30, "service     health    commit"),
        (29, "service     health"),
        (27, "service     health"),
        (15, "serv…  health"),
    ],
)
def test_a_table_fits(room: int, first: str) -> None:
    """What is optional goes first; then the widest column is cut."""
    columns, rows = fitted(COLUMNS, ROWS, room, ["commit"])
    lines = render_table(columns, rows).splitlines()
    assert lines[0] == first
    assert max(map(len, lines)) <= room


def test_colours_change_no_width() -> None:
    """They are put around cells that have been padded."""
    plain = render_table(COLUMNS, ROWS)
    coloured = render_table(COLUMNS, ROWS, {"healthy": "32"})
    assert coloured == plain.replace("healthy", "\x1b[32mhealthy\x1b[0m")
