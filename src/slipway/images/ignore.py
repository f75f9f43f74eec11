"""Which files a `.dockerignore` keeps out of an image; pure.

The rules are Docker's own (moby/patternmatcher), not git's: patterns are anchored at the top
folder, a match of a parent folder counts, and the last pattern that matches wins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import PurePosixPath

_TOKENS = re.compile(r"(\*\*/?|\*|\?|\\.|\[[^\]]*\])")


def ignore_rules(text: str) -> Callable[[str], bool]:
    """A test of paths (relative to the service's folder) from the text of a `.dockerignore`."""
    rules = [rule for line in text.lstrip("\ufeff").splitlines() if (rule := _rule(line))]

    def ignored(path: str) -> bool:
        # A pattern that names a folder takes in all that is below it.
        parts = PurePosixPath(path).parts
        candidates = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        verdict = False
        for excludes, pattern in rules:
            if any(pattern.fullmatch(candidate) for candidate in candidates):
                verdict = excludes
        return verdict

    return ignored


def _rule(line: str) -> tuple[bool, re.Pattern[str]] | None:
    """(whether it excludes, its pattern), or None for blank lines and comments."""
    if line.startswith("#") or not line.strip():
        return None
    glob = line.strip()
    excludes = not glob.startswith("!")
    glob = posixpath.normpath(glob.removeprefix("!").strip()).lstrip("/")
    return excludes, re.compile("".join(map(_regex, _TOKENS.split(glob))), re.DOTALL)


def _regex(token: str) -> str:
    match token:
        case "**":
            return ".*"
        case "**/":
            return "(?:.*/)?"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    if token.startswith("[") and token.endswith("]") and len(token) > 2:
        return token
    return re.escape(token[1:] if token.startswith("\\") and len(token) == 2 else token)
