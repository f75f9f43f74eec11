"""The calls in double braces that ecspresso fills in: `{{ must_env `TAG` }}`; pure.

What has no value here stays in the text as a mark, which no file can hold by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

BRACES = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
WORD = re.compile(r"`([^`]*)`|\"((?:[^\"\\]|\\.)*)\"|([^\s`\"|]+)|(\|)")
PROGRAM = frozenset({"block", "define", "else", "end", "if", "range", "template", "with"})
"""Words of Go's templates that no value can stand for."""

OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}([0-9a-f]*){CLOSE}")


@dataclass(frozen=True)
class Call:
    """A function of a template with its arguments."""

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = " ".join((self.name, *(f"`{each}`" for each in self.arguments)))
        return f"{{{{ {words} }}}}"


Answer = Callable[[Call], str | None]
"""What a call stands for; None where nobody here knows."""


class Program(Exception):
    """A template that is more than calls; the message has the line and what is there."""


def expand(text: str, answer: Answer, *, quote: bool) -> str:
    """The text with its calls answered; with `quote` a mark outside of quotes gets some."""
    parts: list[str] = []
    end = 0
    for found in BRACES.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        call = parsed(found[1])
        if call.name in PROGRAM:
            line = text.count("\n", 0, found.start()) + 1
            raise Program(f"line {line}: {found[0]}")
        value = answer(call)
        if value is None:
            value = mark(call)
            value = value if not quote or _quoted("".join(parts)) else f'"{value}"'
        parts.append(value)
    return "".join((*parts, text[end:]))


def parsed(words: str) -> Call:
    """A call from the words in the braces; what is piped on only escapes."""
    name, *rest = [_word(found) for found in WORD.finditer(words)] or [""]
    if "|" in rest:
        rest = rest[: rest.index("|")]
    return Call(name, tuple(rest))


def mark(call: Call) -> str:
    """What stands in a text for a call without a value."""
    known = json.dumps([call.name, *call.arguments])
    return f"{OPEN}{known.encode().hex()}{CLOSE}"


def unresolved(text: str) -> list[Call]:
    """The calls in a text that have no value."""
    return [_read(found[1]) for found in MARK.finditer(text)]


def alone(text: object) -> Call | None:
    """The call that is all of a text, if one is."""
    found = MARK.fullmatch(text) if isinstance(text, str) else None
    return _read(found[1]) if found else None


def shown(text: str) -> str:
    """The calls without a value in a text, as they were written."""
    return ", ".join(map(str, unresolved(text)))


def _read(known: str) -> Call:
    try:
        name, *arguments = json.loads(bytes.fromhex(known))
    except ValueError:
        return Call("")  # Somebody's own mark, of whatever it is.
    return Call(name, tuple(arguments))


def _word(found: re.Match[str]) -> str:
    ticks, quotes, bare, pipe = found.groups()
    return next(each for each in (ticks, quotes, bare, pipe) if each is not None)


def _quoted(before: str) -> bool:
    """Whether what follows is inside of a JSON text."""
    line = before.rpartition("\n")[2]
    return bool(len(re.findall(r'(?<!\\)"', line)) % 2)
