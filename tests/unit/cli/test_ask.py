"""Questions at a terminal."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slipway.cli.ask import Question, understood
from slipway.config import load
from slipway.paths import Checkout

REAL = Checkout(Path(__file__).parents[3])
INVOKE = Path(sys.executable).with_name("invoke")
CHOICE = Question(text="Database", default="none", choices=("none", "postgres"))
PATIENCE = 120
"""Seconds for a question to come on a busy machine."""


@pytest.mark.parametrize(
    ("typed", "answer", "wrong"),
    [
        ("", "none", ""),
        ("2", "postgres", ""),
        ("postgres", "postgres", ""),
        ("3", "3", "not one of none, postgres; a number or a word"),
        ("mysql", "mysql", "not one of none, postgres; a number or a word"),
    ],
)
def test_choices(typed: str, answer: str, wrong: str) -> None:
    """By number or by word; nothing typed is the default."""
    assert understood(CHOICE, typed) == (answer, wrong)


def test_free_text() -> None:
    """Without a default something has to be typed."""
    assert understood(Question(text="Name"), "") == ("", "something has to be typed")
    assert understood(Question(text="Name"), "shop") == ("shop", "")
    assert understood(Question(text="Route", default="/shop"), "") == ("/shop", "")


class Terminal:
    """`invoke new` at a terminal of its own."""

    def __init__(self, checkout: Checkout, *flags: str) -> None:
        self.screen, other = pty.openpty()
        argv = [str(INVOKE), "new", *flags]
        self.child = subprocess.Popen(
            argv, cwd=checkout.root, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)
        self.seen = ""

    def read_until(self, text: str) -> str:
        """What is shown from the last answer on, until `text` is."""
        shown, ends = "", time.monotonic() + PATIENCE
        while text not in shown:
            assert time.monotonic() < ends, f"{text!r} never came: {self.seen}{shown}"
            if select.select([self.screen], [], [], 1)[0]:
                shown += os.read(self.screen, 4096).decode()
        self.seen += shown
        return shown

    def answer(self, question: str, text: str) -> str:
        shown = self.read_until(question)
        os.write(self.screen, f"{text}\n".encode())
        return shown

    def code(self) -> int:
        ended = self.child.wait(PATIENCE)
        os.close(self.screen)
        return ended


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the sample's manifest, and with tasks."""
    checkout = Checkout(tmp_path)
    checkout.config.write_text(
        '[project]\nname = "shop"\n[environments.local]\ntarget="embedded"\n'
    )
    shutil.copy(REAL.root / "tasks.py", tmp_path)
    shutil.copytree(REAL.template, checkout.template)
    (checkout.services / "greeter").mkdir(parents=True)
    shutil.copy(REAL.services / "greeter" / "service.toml", checkout.services / "greeter")
    return checkout


@pytest.mark.tools
def test_asked_for_what_is_not_given(checkout: Checkout) -> None:
    """Wrong answers are asked for again with the reason; what a flag says is not asked."""
    terminal = Terminal(checkout, "--description=Takes money", "--cache=none")
    terminal.answer("Name of the service", "greeter")
    assert "greeter: services/greeter is there already" in terminal.answer("Name of", "shop")
    assert "1. web" in terminal.answer("job that runs and ends", "")
    terminal.answer("Database [none]:", "mysql")
    assert "mysql: not one of none, postgres" in terminal.answer("Database [none]:", "2")
    terminal.answer("Who may ask", "")
    terminal.answer("Python [3.13]:", "2")
    terminal.answer("Path at the load balancer [/shop]:", "/pay")
    terminal.read_until("deploy --env=local --service=shop")
    assert terminal.code() == 0
    assert "Cache" not in terminal.seen
    made = load(checkout, "local").services["shop"]
    assert (made.route.path, made.python) == ("/pay", "3.11")


@pytest.mark.tools
def test_stopped_it_leaves_nothing(checkout: Checkout) -> None:
    """Ctrl-C and the end of the input, in the middle of the questions."""
    stopped = Terminal(checkout, "--name=shop")
    stopped.read_until("What it is")
    os.killpg(stopped.child.pid, signal.SIGINT)
    stopped.read_until("new was stopped by SIGINT")
    assert stopped.code() == 128 + signal.SIGINT
    ended = Terminal(checkout, "--name=shop")
    ended.read_until("What it is")
    os.write(ended.screen, b"\x04")
    ended.read_until("no answer came; nothing was made")
    assert ended.code() == 2
    assert [folder.name for folder in checkout.services.iterdir()] == ["greeter"]


@pytest.mark.tools
def test_nobody_is_asked_in_a_pipe(checkout: Checkout) -> None:
    """A missing name is the usual error; with `--no-ask` a terminal is like a pipe."""
    argv = [str(INVOKE), "new"]
    piped = subprocess.run(argv, cwd=checkout.root, stdin=subprocess.DEVNULL, capture_output=True)
    assert (piped.returncode, b"new: --name is missing" in piped.stderr) == (2, True)
    terminal = Terminal(checkout, "--no-ask", "--name=shop", "--dry-run")
    terminal.read_until("would make services/shop")
    assert terminal.code() == 0
