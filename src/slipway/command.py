"""Commands as values: built by pure functions, run in one place."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MASK = "****"


@dataclass(frozen=True, kw_only=True)
class Command:
    """An argv with all that decides what it does; never a shell string.

    `env` is laid over the inherited environment, and a value of None removes a variable.
    `mutates` tells a dry run what to leave out. `secrets` are masked wherever it is shown.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str | None] = field(default_factory=dict)
    cwd: Path | None = None
    mutates: bool = False
    stdin: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return self.mask(shlex.join(self.argv))

    def mask(self, text: str) -> str:
        """`text` with every secret of this command replaced."""
        for secret in self.secrets:
            text = text.replace(secret, MASK) if secret else text
        return text


def command(
    *argv: str | Path,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    mutates: bool = False,
    stdin: str | None = None,
    secrets: tuple[str, ...] = (),
) -> Command:
    """A `Command` from words and paths."""
    words = tuple(str(word) for word in argv)
    return Command(
        argv=words, env=env or {}, cwd=cwd, mutates=mutates, stdin=stdin, secrets=secrets
    )
