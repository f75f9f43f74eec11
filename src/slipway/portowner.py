"""Which program holds a TCP port of this machine, as far as /proc tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LISTENING = "0A"


def owner(port: int, proc: Path = Path("/proc")) -> str:
    """`pid 123 (python -m http.server)`, or an empty text where it can't be told."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    for process in proc.glob("[0-9]*") if sockets else ():
        if sockets & set(_links(process / "fd")):
            return f"pid {process.name} ({_command(process)})"
    return ""


def _inodes(port: int, proc: Path) -> Iterator[str]:
    wanted = f"{port:04X}"
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            words = line.split()
            if words[3] == LISTENING and words[1].endswith(f":{wanted}"):
                yield words[9]


def _links(folder: Path) -> Iterator[str]:
    try:
        for entry in folder.iterdir():
            yield str(entry.readlink())
    except OSError:
        # Another user's process, or one that ended while we looked.
        return


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "?"
    return b" ".join(words).decode(errors="replace").strip()[:80]
