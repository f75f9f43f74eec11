from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slipway.console import Console
from slipway.errors import Interrupted, ToolError
from slipway.paths import Checkout
from slipway.setup.step import Finding, Step, demand, look, mend, only_one

GOOD = Finding(ok=True, found="1.0 (found)")
BAD = Finding(ok=False, found="not there", remedy="buy one", would="install it")


@dataclass
class Thing:
    """Something that is missing until it is mended."""

    there: bool = False
    works: bool = True
    calls: list[str] = field(default_factory=list)

    def look(self) -> Finding:
        self.calls.append("look")
        return GOOD if self.there else BAD

    def mend(self) -> None:
        self.calls.append("mend")
        self.there = self.works

    def step(self, name: str = "thing", mend: Callable[[], None] | None = None) -> Step:
        return Step(name=name, look=self.look, mend=mend or self.mend)


@pytest.fixture
def console() -> Console:
    """A console that writes into strings."""
    return Console(out=io.StringIO(), err=io.StringIO())


def shown(console: Console) -> str:
    """What a user saw."""
    assert isinstance(console.err, io.StringIO)
    return console.err.getvalue()


def test_looking_changes_nothing() -> None:
    """`doctor` never mends."""
    thing = Thing()
    assert [one.line for one in look([thing.step()])] == [
        "✗ thing: not there\n    uv run invoke setup (install it)"
    ]
    assert thing.calls == ["look"]


def test_what_is_missing_is_mended_and_looked_at_again(console: Console) -> None:
    """Look, mend, look; the line tells what was found in the end."""
    thing = Thing()
    checked = mend([thing.step()], console)
    assert thing.calls == ["look", "mend", "look"]
    assert checked[0].finding == GOOD
    assert shown(console).startswith("▸ thing\n    not there: install it\n✓ thing: 1.0 (found)")
    demand(checked, "missing")


def test_the_second_run_does_nothing(console: Console) -> None:
    """What is there is said to be there."""
    thing = Thing(there=True)
    mend([thing.step()], console)
    assert thing.calls == ["look"]
    assert shown(console) == "✓ thing: 1.0 (found)\n"


def test_a_dry_run_says_what_it_would_do(console: Console) -> None:
    """Nothing is mended."""
    thing = Thing()
    mend([thing.step()], console, dry_run=True)
    assert thing.calls == ["look"]
    assert shown(console) == "· thing: not there; would install it\n"


def test_a_step_that_fails_does_not_stop_the_others(console: Console) -> None:
    """All that can be mended is mended; the error names the rest and the first way out."""

    def fails() -> None:
        raise ToolError("no space left", next_step="make room")

    other = Thing()
    checked = mend([Thing().step("first", fails), other.step("second")], console)
    assert other.there
    assert "    no space left\n    next: make room" in shown(console)
    with pytest.raises(ToolError, match="incomplete: first\n") as caught:
        demand(checked, "incomplete")
    assert caught.value.next_step == "make room"


def test_mending_that_does_not_help_is_an_error(console: Console) -> None:
    """The second look has the last word."""
    checked = mend([Thing(works=False).step()], console)
    assert not checked[0].finding.ok
    assert "✗ thing  0.0 s\n    not there\n" in shown(console)


def test_what_cannot_be_mended_shows_the_remedy(console: Console) -> None:
    """Where `setup` can do nothing, the user reads what to do."""
    hopeless = Finding(ok=False, found="not there", remedy="buy one")
    checked = mend([Step(name="thing", look=lambda: hopeless)], console)
    assert shown(console) == "✗ thing: not there\n    buy one\n"
    with pytest.raises(ToolError):
        demand(checked, "missing")


def test_an_optional_one_stops_nothing(console: Console) -> None:
    """It is mentioned, and no more."""
    bad = Finding(ok=False, found="gone", remedy="unset it")
    checked = mend([Step(name="VARIABLE", look=lambda: bad, required=False)], console)
    assert shown(console).startswith("! VARIABLE: gone")
    demand(checked, "missing")


def test_a_look_that_fails_is_a_finding() -> None:
    """Invalid configuration, say, does not hide what the other steps find."""

    def raises() -> Finding:
        raise ToolError("broken", next_step="mend it")

    [checked] = look([Step(name="thing", look=raises)])
    assert checked.data == {
        "name": "thing",
        "ok": False,
        "required": True,
        "found": "broken",
        "remedy": "mend it",
    }


def test_a_full_disk_is_a_message(console: Console) -> None:
    """What the system refuses is told like any other failure, and the next step goes on."""

    def full() -> None:
        raise OSError(28, "No space left on device", "/data/terraform")

    other = Thing()
    checked = mend([Thing().step("first", full), other.step("second")], console)
    assert "No space left on device: '/data/terraform'" in shown(console)
    assert [one.missing for one in checked] == [True, False]


def test_a_checkout_that_is_not_ours_is_a_message(tmp_path: Path, console: Console) -> None:
    """Without a place for the lock nothing is begun."""
    (tmp_path / ".slipway").write_text("a file where a folder should be")
    with (
        pytest.raises(ToolError, match=r"\.slipway can't be written to") as caught,
        only_one(Checkout(tmp_path), console),
    ):
        pass
    assert "chown" in caught.value.next_step


def test_a_signal_stops_all_of_it(console: Console) -> None:
    """After Ctrl-C no further step is looked at or mended."""

    def stopped() -> None:
        raise Interrupted("interrupted: apt-get install")

    other = Thing()
    with pytest.raises(Interrupted):
        mend([Thing().step("first", stopped), other.step("second")], console)
    assert other.calls == []


def test_the_second_setup_waits_for_the_first(tmp_path: Path, console: Console) -> None:
    """Two at once don't fight; the second says that it waits."""
    checkout, order = Checkout(tmp_path), list[str]()
    waiting = threading.Event()

    class Told(Console):
        def line(self, text: str = "", *, indent: int = 0) -> None:
            super().line(text, indent=indent)
            waiting.set()

    second = Told(err=io.StringIO())

    def run_second() -> None:
        with only_one(checkout, second):
            order.append("second")

    with only_one(checkout, console):
        thread = threading.Thread(target=run_second)
        thread.start()
        assert waiting.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    assert "another setup is at work" in shown(second)
