"""The nouns that every part shares, as value types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How a deploy of one service ended; `exit_code` is what the command exits with.

    Only the first two are successes. The codes are part of the interface: scripts rely on them.
    """

    DEPLOYED = ("deployed", 0)
    UNCHANGED = ("unchanged", 0)
    FAILED = ("failed", 10)
    ROLLED_BACK = ("rolled_back", 11)
    TIMED_OUT = ("timed_out", 12)
    SUPERSEDED = ("superseded", 13)
    SKIPPED = ("skipped", 14)
    INTERRUPTED = ("interrupted", 130)

    def __init__(self, label: str, exit_code: int) -> None:
        self.label = label
        self.exit_code = exit_code

    @property
    def good(self) -> bool:
        """Whether what was asked for is what is serving."""
        return self.exit_code == 0

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """The verdict of a deploy of several services: what was skipped is never the reason."""
        return max(verdicts, key=lambda each: (each is not cls.SKIPPED, each.exit_code))


@dataclass(frozen=True, kw_only=True)
class ImageRef:
    """An image in a registry, by digest.

    `repository` is host and path without tag; `tag` is the content hash; `digest` is `sha256:…`.
    """

    repository: str
    tag: str
    digest: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"
