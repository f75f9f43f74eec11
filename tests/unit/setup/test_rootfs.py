"""From unpacked packages to the file system of a Python image."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from slipway.setup import rootfs

FILES = {
    "usr/bin/python3.13": b"\x7fELF",
    "usr/bin/ls": b"\x7fELF",
    "usr/lib/python3.13/EXTERNALLY-MANAGED": b"no",
    "usr/share/ca-certificates/mozilla/B.crt": b"BBB\n",
    "usr/share/ca-certificates/mozilla/A.crt": b"AAA",
    "usr/share/ca-certificates/mozilla/README": b"no certificate",
    "usr/share/base-passwd/passwd.master": b"root::0:0\n",
    "usr/share/base-passwd/group.master": b"root::0\n",
    "var/lib/dpkg/status": b"many lines",
    "var/lib/dpkg/arch": b"amd64",
    "etc/apt/sources.list": b"deb",
    "tmp/left-over": b"",
}


def add(archive: tarfile.TarFile, name: str, content: bytes | None) -> None:
    info = tarfile.TarInfo(f"./{name}")
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    info.size, info.mode = len(content or b""), 0o755
    archive.addfile(info, io.BytesIO(content) if content else None)


@pytest.fixture
def refined(tmp_path: Path) -> dict[str, tarfile.TarInfo | bytes]:
    """What is in the refined archive: bytes of files, the entries of all else."""
    raw, target = tmp_path / "raw.tar", tmp_path / "refined.tar"
    with tarfile.open(raw, "w") as archive:
        add(archive, "tmp", None)
        for name, content in FILES.items():
            add(archive, name, content)
    rootfs.main(raw, target)
    with tarfile.open(target) as archive:
        found: dict[str, tarfile.TarInfo | bytes] = {}
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            found[member.name.removeprefix("./")] = file.read() if file else member
        return found


def test_the_interpreter_has_its_usual_names(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """`python` and `python3` are what a Dockerfile calls."""
    links = [refined[name] for name in ("usr/bin/python3", "usr/bin/python")]
    assert [link.linkname for link in links if isinstance(link, tarfile.TarInfo)] == [
        "python3.13",
        "python3",
    ]


def test_certificates_are_one_bundle(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """TLS reads one file; each certificate in it begins on a line of its own."""
    assert refined[rootfs.BUNDLE] == b"AAA\nBBB\n"


def test_pip_comes_from_its_wheel(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """A build stage can call `pip`, and nothing forbids it to install."""
    assert refined["usr/local/bin/pip"] == rootfs.PIP
    assert "usr/lib/python3.13/EXTERNALLY-MANAGED" not in refined


def test_there_are_users(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """Programs look up root and nobody."""
    assert refined["etc/passwd"] == b"root::0:0\n"
    assert refined["etc/group"] == b"root::0\n"


def test_the_package_manager_leaves_nothing(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """No lists, no temporary files; the folder /tmp itself stays, and what says which packages."""
    left = [name for name in refined if name.startswith(("var/lib/dpkg", "etc/apt", "tmp/"))]
    assert left == ["var/lib/dpkg/status"]
    assert "tmp" in refined
    assert refined["usr/bin/ls"] == FILES["usr/bin/ls"]


def test_anybody_may_write_to_tmp(refined: dict[str, tarfile.TarInfo | bytes]) -> None:
    """The umask of whoever builds the image does not reach into it."""
    folder = refined["tmp"]
    assert isinstance(folder, tarfile.TarInfo)
    assert folder.mode == 0o1777
