"""A command whose exit code arrives: the protocol has a terminal's bytes and nothing else. Pure."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

SHELL = "/bin/sh"

PLAIN = "stty -echo -opost 2>/dev/null; "
"""What makes a terminal hand on bytes as they are: nothing is read aloud, and lines end plainly."""


def mark() -> str:
    """A text that no command prints by chance."""
    return f"\x1e{secrets.token_hex(12)}"


def command(words: Sequence[str], mark: str, *, plain: bool) -> str:
    """The command line for ECS: the words, their begin and end marked; `plain` for a pipe."""
    shown = mark.replace("\x1e", r"\036")
    script = f"{PLAIN if plain else ''}printf '{shown};'; \"$@\"; printf '{shown}%d;' \"$?\""
    return shlex.join([SHELL, "-c", script, SHELL, *words])


@dataclass
class Output:
    """What a marked command prints, as it comes; `code` once it has ended.

    `begun`: the terminal is as it should be, and may get input.
    """

    mark: bytes
    begun: bool = False
    code: int | None = None
    _rest: bytes = field(default=b"")

    def passed(self, data: bytes) -> bytes:
        """What of the output so far is the command's own and was not given yet."""
        self._rest += data
        if not self.begun:
            _, found, after = self._rest.partition(self.mark + b";")
            if not found:
                return b""
            self.begun, self._rest = True, after
        if self.code is not None:
            return b""
        before, found, after = self._rest.partition(self.mark)
        if not found:
            return self._but_the_mark()
        number, ended, _ = after.partition(b";")
        self._rest = found + after
        if ended:
            self.code = int(number)
        return before

    def _but_the_mark(self) -> bytes:
        """All but what may be the beginning of the mark."""
        held = next(
            (
                size
                for size in range(min(len(self.mark), len(self._rest)), 0, -1)
                if self.mark.startswith(self._rest[-size:])
            ),
            0,
        )
        cut = len(self._rest) - held
        given, self._rest = self._rest[:cut], self._rest[cut:]
        return given
