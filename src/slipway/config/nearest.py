"""The nearest valid word to one that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: object, words: Iterable[object]) -> str:
    """The word most like `word`, or "" when none is like it; numbers go by their distance."""
    options = list(words)
    if isinstance(word, int) and options and all(isinstance(option, int) for option in options):
        return str(min((int(str(option)) for option in options), key=lambda n: abs(n - word)))
    found = difflib.get_close_matches(str(word), [str(option) for option in options], n=1)
    return found[0] if found else ""


def did_you_mean(suggestion: str) -> str:
    """The suggestion as the end of a message; nothing when there is none."""
    return f" (did you mean {suggestion}?)" if suggestion else ""
