"""Image layers on disk, addressed by their content, behind MiniStack's registry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RepositoryBlobs:
    """The layers that one repository sees: all there are, as content is its own name.

    So a layer that another repository has is not uploaded again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise KeyError(digest)
        return self._folder / digest.removeprefix("sha256:")

    def __contains__(self, digest: str) -> bool:
        return bool(_DIGEST.fullmatch(digest)) and self._path(digest).exists()

    def __getitem__(self, digest: str) -> bytes:
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None

    def get(self, digest: str, default: bytes | None = None) -> bytes | None:
        try:
            return self[digest]
        except KeyError:
            return default

    def size(self, digest: str) -> int:
        """Bytes of a layer; 0 for one that is not here."""
        return self._path(digest).stat().st_size if digest in self else 0

    def __setitem__(self, digest: str, content: bytes) -> None:
        path = self._path(digest)
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{uuid4().hex}")
        temporary.write_bytes(content)
        temporary.replace(path)

    def pop(self, _digest: str, default: Any = None) -> Any:
        # Another repository may refer to it.
        return default


class BlobStore:
    """Stands in for MiniStack's dictionary of layers by repository."""

    def __init__(self, folder: Path) -> None:
        self._blobs = RepositoryBlobs(folder)
        self._folder = folder

    def get(self, _repository: str, _default: Any = None) -> RepositoryBlobs:
        return self._blobs

    def setdefault(self, _repository: str, _default: Any = None) -> RepositoryBlobs:
        return self._blobs

    def update(self, _restored: Any) -> None:
        """Nothing to restore: the files are there."""

    def clear(self) -> None:
        for path in self._folder.glob("*"):
            path.unlink()

    def __deepcopy__(self, _memo: Any) -> dict[str, Any]:
        """What a state file holds of it: nothing."""
        return {}
