"""Makes of unpacked Debian packages the root file system of a database or cache image.

Like `slipway.setup.rootfs`, on the archive and without a chroot: an account, a folder for the data
that belongs to it, nothing that only package managers and Perl scripts need.
`python -m slipway.setup.data_rootfs postgres RAW REFINED`.
"""

from __future__ import annotations

import io
import re
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.setup.rootfs import ACCOUNTS, DROPPED

ACCOUNT = 999
"""User and group id that the server runs as."""

DATA: Mapping[str, str] = {"postgres": "var/lib/postgresql/data", "redis": "data"}
"""User -> the folder of its data, which a volume takes over with its owner."""

UNUSED = re.compile(
    r"(.*/)?perl5?(/.*)?"
    r"|usr/bin/(perl.*|.*\.pl|cpan.*|pg_.*cluster.*)"
    r"|usr/lib/[^/]+/libperl\..*"
    # Just-in-time compilation: 130 MB that pay off for queries of minutes.
    r"|usr/lib/(.*/)?(libLLVM.*|llvm.*|libclang.*|bitcode/.*)"
)


def refine(user: str, raw: tarfile.TarFile, refined: tarfile.TarFile) -> None:
    """Copy `raw` without what is not used, and add the account of `user` and its data folder."""
    owned = tuple(folders(DATA[user]))
    for member in raw:
        name = member.name.removeprefix("./")
        if DROPPED.fullmatch(name) or UNUSED.fullmatch(name) or name in owned:
            continue
        content = _content(raw, member)
        refined.addfile(member, io.BytesIO(content) if member.isreg() else None)
        if name in ACCOUNTS:
            text = content + account(ACCOUNTS[name], user).encode()
            refined.addfile(_file(ACCOUNTS[name], len(text)), io.BytesIO(text))
    for folder in owned:
        refined.addfile(_folder(folder))


def account(file: str, user: str) -> str:
    """The line of `user` in /etc/passwd or /etc/group."""
    passwd = file.endswith("passwd")
    home = f":/{DATA[user]}:/bin/sh" if passwd else ""
    return f"{user}:x:{ACCOUNT}:{f'{ACCOUNT}:' if passwd else ''}{home}\n"


def folders(path: str) -> Iterator[str]:
    """The folders on the way to a data folder below /var/lib, and it."""
    parts = path.split("/")
    begin = 3 if parts[0] == "var" else 1
    for count in range(begin, len(parts) + 1):
        yield "/".join(parts[:count])


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return file.read() if file else b""


def _file(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"./{name}")
    info.size, info.mode = size, 0o644
    return info


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"./{name}")
    info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, 0o700, ACCOUNT, ACCOUNT
    return info


def main(user: str, raw: Path, refined: Path) -> None:
    """Read one archive, write the other."""
    with tarfile.open(raw) as source, tarfile.open(refined, "w") as target:
        refine(user, source, target)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
