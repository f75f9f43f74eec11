"""Lines as they are shown: readable, raw, as JSON; and one stream of them."""

from __future__ import annotations

import io
import json
from datetime import UTC
from typing import Any

import pytest

from slipway.console import Console
from slipway.dev.logs import Look, Mode, split
from slipway.dev.stream import Stream
from tests.cases_files import cases


def look(mode: Mode = "readable", *, colours: bool = False) -> Look:
    return Look(mode=mode, colours=colours, names=("greeter", "web"), zone=UTC)


@pytest.mark.parametrize("case", cases("dev/logs"))
def test_readable(case: Any) -> None:
    """Each case: a line, and what a person sees of it, with colours and without."""
    assert look().readable(case["line"]) == case["readable"], case["says"]
    assert look(colours=True).readable(case["line"]) == case["coloured"], case["says"]


def test_every_line_says_whose_it_is() -> None:
    """In a column of one width; lines of one message too."""
    line = '{"event": "no", "level": "error", "exception": "one\\ntwo"}'
    assert look().shown("web", line) == ["web     | error   no", "web     | one", "web     | two"]


def test_in_a_pipe_lines_are_as_they_were_said() -> None:
    """With the service's name, which `cut` takes away."""
    assert look("raw").shown("web", '{"event": "no"}') == ['web     | {"event": "no"}']


def test_as_json_each_line_is_an_object() -> None:
    """One that was, with its service; any other as an event."""
    (said,), (plain,) = (look("json").shown("web", one) for one in ('{"event": "é"}', "hello"))
    assert json.loads(said) == {"event": "é", "service": "web"}
    assert json.loads(plain) == {"event": "hello", "service": "web"}


def test_services_have_colours_of_their_own() -> None:
    """Else one could not be told from another at a glance."""
    coloured = look(colours=True)
    assert coloured.prefix("greeter")[:5] != coloured.prefix("web")[:5]


def test_chunks_become_lines() -> None:
    """Whatever the places at which they were cut."""
    assert split("he", "llo\r\nwor") == (["hello"], "wor")
    assert split("", "") == ([], "")


class Screen(io.StringIO):
    """A stream that somebody stops reading."""

    closed_by_reader = False

    def write(self, text: str) -> int:
        if self.closed_by_reader:
            raise BrokenPipeError
        return super().write(text)


def stream(mode: Mode, screen: io.StringIO) -> tuple[Stream, list[str]]:
    closed: list[str] = []
    console = Console(out=screen, err=io.StringIO())
    return Stream(console, look(mode), lambda: closed.append("closed")), closed


def test_lines_are_whole() -> None:
    """What one service has begun is not mixed with what another says; a last word is shown."""
    screen = io.StringIO()
    made, _ = stream("raw", screen)
    made.of("web")("half of a ")
    made.of("greeter")("hello\n")
    made.of("web")("line\nlast word")
    made.end("web")
    assert screen.getvalue().splitlines() == [
        "greeter | hello",
        "web     | half of a line",
        "web     | last word",
    ]


def test_a_prompt_is_shown_when_nothing_follows() -> None:
    """What is typed is for who asked last; another's line does not begin behind the prompt."""
    screen = io.StringIO()
    made, _ = stream("readable", screen)
    made.of("web")("(Pdb) ")
    assert screen.getvalue() == ""
    made.of("web")("")
    assert screen.getvalue() == "web     | (Pdb) "
    assert (made.answered(), made.answered()) == ("web", "web")
    made.of("web")("42\n(Pdb) ")
    made.of("web")("")
    made.of("greeter")("hello\n")
    assert screen.getvalue().endswith("| 42\nweb     | (Pdb) \ngreeter | hello\n")
    assert made.answered() == "web"


def test_in_a_pipe_nobody_is_asked() -> None:
    """A line comes when it is one."""
    screen = io.StringIO()
    made, _ = stream("raw", screen)
    made.of("web")("(Pdb) ")
    made.of("web")("")
    assert screen.getvalue() == ""


def test_nobody_reads_any_more() -> None:
    """That is told once; what comes after it disturbs nobody."""
    screen = Screen()
    made, closed = stream("raw", screen)
    made.say("web", "hello")
    screen.closed_by_reader = True
    made.say("web", "is there anybody?")
    made.say("web", "no")
    assert closed == ["closed"]
    assert made.broken
