"""Files out of a tar archive that comes piece by piece; pure."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator

CHUNK = 1 << 20
"""Bytes that are read at a time."""


def files(pieces: Iterator[bytes], wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The regular files whose path is `wanted`; of the rest nothing is kept."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=_Stream(pieces), mode="r|", bufsize=CHUNK) as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if member.isreg() and wanted(name) and (file := archive.extractfile(member)):
                found[name] = file.read()
    return found


class _Stream(io.RawIOBase):
    """What an iterator gives as a file that can be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, b"")):
            self._left += piece
        taken, self._left = self._left[:size], self._left[size:]
        return taken
