"""The command that an image runs, from its Dockerfile; pure."""

from __future__ import annotations

import json
import re

from slipway.errors import ConfigError


def command_in(dockerfile: str, shown: str) -> tuple[str, ...]:
    """The last ENTRYPOINT and CMD of the text, together.

    Raises `ConfigError`, which names the file `shown`, where there is none that is a list.
    """
    joined = re.sub(r"\\[ \t]*\n", " ", dockerfile)
    found: dict[str, tuple[str, ...]] = {}
    for line in joined.splitlines():
        name, _, rest = line.strip().partition(" ")
        if name.upper() in ("ENTRYPOINT", "CMD"):
            found[name.upper()] = _words(rest.strip(), name, shown)
        elif name.upper() == "FROM":
            found = {}
    words = (*found.get("ENTRYPOINT", ()), *found.get("CMD", ()))
    if not words:
        raise ConfigError(
            f"{shown}: no CMD in its last stage, so there is nothing to run",
            next_step='add one, as CMD ["python", "-m", "orders"]',
        )
    return words


def _words(text: str, name: str, shown: str) -> tuple[str, ...]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ConfigError(
            f"{shown}: {name} {text} is no list",
            next_step=f'write it as {name} ["python", "-m", "orders"]: without a shell in between, '
            "which would keep signals to itself",
        )
    return tuple(words)
