"""Questions to a person at a terminal."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slipway.errors import UsageError

AWAKE = 0.2
"""Seconds between two looks whether a signal has come."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, with what holds where nothing is answered ("": something has to be)."""

    text: str
    default: str = ""
    choices: Sequence[str] = ()


def listening() -> bool:
    """Whether a person is there to answer: a terminal to read from and to write to."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: Question, problem: Callable[[str], str]) -> str:
    """The answer, asked for again until `problem` has nothing to say about it.

    Raises `UsageError` where the terminal ends without one.
    """
    for number, choice in enumerate(question.choices, start=1):
        print(f"  {number}. {choice}")
    hint = f" [{question.default}]" if question.default else ""
    while True:
        try:
            typed = _line(f"{question.text}{hint}: ").strip()
        except EOFError:
            print()
            raise UsageError(
                "no answer came; nothing was made", next_step="uv run invoke new --help"
            ) from None
        answer, wrong = understood(question, typed)
        wrong = wrong or problem(answer)
        if not wrong:
            return answer
        print(f"  {answer or 'nothing'}: {wrong}")


def _line(prompt: str) -> str:
    """What is typed behind `prompt`; raises `EOFError` where the terminal ends."""
    print(prompt, end="", flush=True)
    # `input` would sleep through a signal that comes between its prompt and its read.
    while not select.select([sys.stdin], [], [], AWAKE)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def understood(question: Question, typed: str) -> tuple[str, str]:
    """The answer that `typed` stands for, and what is wrong with it; pure."""
    answer = typed or question.default
    if not answer:
        return "", "something has to be typed"
    if not question.choices:
        return answer, ""
    numbered = {str(number): choice for number, choice in enumerate(question.choices, start=1)}
    answer = numbered.get(answer, answer)
    if answer in question.choices:
        return answer, ""
    return answer, f"not one of {', '.join(question.choices)}; a number or a word"
