"""The version of an instance: a hash of its source, so that an older one that runs is seen."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def source_version(folder: Path = Path(__file__).parent) -> str:
    """Twelve hex digits over all Python files and the lock file of this package.

    Taken once a process: it tells what was started, not what the files say since.
    """
    digest = hashlib.sha256()
    for path in sorted((*folder.rglob("*.py"), *folder.glob("uv.lock"))):
        relative = path.relative_to(folder)
        if not any(part.startswith(".") for part in relative.parts):
            digest.update(str(relative).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
