"""Makes of unpacked Debian packages what their install scripts would have made, and no more.

Unpacking alone needs no root, no chroot and a fraction of the time; what is left to do for a Python
image is little, and done here on the archive: `python -m slipway.setup.rootfs RAW REFINED`.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

DROPPED = re.compile(
    r"var/lib/dpkg/(?!status).+|(var/lib/apt|etc/apt|etc/dpkg)(/.+)?"
    r"|(var/cache|var/log|run|tmp)/.+"
    r"|etc/fstab"
    # Debian's pip would refuse to install beside Debian's packages, which are not there.
    r"|usr/lib/python3\.\d+/EXTERNALLY-MANAGED"
)
CERTIFICATE = re.compile(r"usr/share/ca-certificates/.+\.crt")
PYTHON = re.compile(r"usr/bin/(python3\.\d+)")
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
ACCOUNTS = {
    "usr/share/base-passwd/passwd.master": "etc/passwd",
    "usr/share/base-passwd/group.master": "etc/group",
}
SHARED = frozenset({"tmp", "var/tmp"})
"""Folders that anybody may write to; unpacked by a user, they lose that to the user's umask."""

# pip from its wheel: 1.5 MB instead of 12, and a build stage is all that it is for.
PIP = b"""#!/bin/sh
for wheel in /usr/share/python-wheels/pip-*.whl; do :; done
exec python3 "$wheel/pip" "$@"
"""


def refine(raw: tarfile.TarFile, refined: tarfile.TarFile) -> None:
    """Copy `raw` without what only package managers need, and add what Python images offer."""
    certificates: list[bytes] = []
    for member in raw:
        name = member.name.removeprefix("./")
        if DROPPED.fullmatch(name):
            continue
        content = _content(raw, member)
        if name in SHARED:
            member.mode = 0o1777
        refined.addfile(member, io.BytesIO(content) if member.isreg() else None)
        if member.isreg() and CERTIFICATE.fullmatch(name):
            certificates.append(content.strip() + b"\n")
        for extra, data in _extras(name, content):
            refined.addfile(extra, io.BytesIO(data))
    bundle = b"".join(sorted(certificates))
    refined.addfile(_file(BUNDLE, len(bundle)), io.BytesIO(bundle))
    refined.addfile(_file("usr/local/bin/pip", len(PIP), mode=0o755), io.BytesIO(PIP))


def _extras(name: str, content: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """What follows from one file: names for the interpreter, the accounts."""
    if python := PYTHON.fullmatch(name):
        yield _link("usr/bin/python3", python[1]), b""
        yield _link("usr/bin/python", "python3"), b""
    if name in ACCOUNTS:
        yield _file(ACCOUNTS[name], len(content)), content


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return file.read() if file else b""


def _file(name: str, size: int, *, mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"./{name}")
    info.size, info.mode = size, mode
    return info


def _link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"./{name}")
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info


def main(raw: Path, refined: Path) -> None:
    """Read one archive, write the other."""
    with tarfile.open(raw) as source, tarfile.open(refined, "w") as target:
        refine(source, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
