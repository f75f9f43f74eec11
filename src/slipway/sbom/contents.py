"""The packages in an image, as its own files tell them; pure.

Debian's are in dpkg's database, those of Python in their `*.dist-info`, and an interpreter that was
built from source (as in the official images of Python) in its headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Literal

Kind = Literal["deb", "pypi", "generic"]

OS_RELEASE = "usr/lib/os-release"
DPKG = "var/lib/dpkg/status"
_COPYRIGHT = "usr/share/doc/{name}/copyright"
_METADATA = re.compile(r"(.+/)?[^/]+\.dist-info/METADATA")
_HEADER = re.compile(r"usr/local/include/python3\.\d+/patchlevel\.h")
_VERSION = re.compile(rb'^#define PY_VERSION\s+"([^"]+)"', re.MULTILINE)
_WANTED = re.compile(rf"{OS_RELEASE}|{DPKG}|usr/share/doc/[^/]+/copyright")
_MACHINE_READABLE = re.compile(rb"Format(-Specification)?:", re.IGNORECASE)
_LICENCE = re.compile(rb"^License:[ \t]*(\S.*?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_SHORT = 64
"""Characters: a `License` that is longer is its text and no name."""


@dataclass(frozen=True, kw_only=True, order=True)
class Package:
    """A package; `licences` as its maker names them, `upstream` the source package's name."""

    kind: Kind
    name: str
    version: str
    architecture: str = ""
    upstream: str = ""
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an image consists of; `system` is ID and VERSION_ID of its os-release."""

    system: tuple[str, str]
    packages: tuple[Package, ...]

    @property
    def knows_debian(self) -> bool:
        """Whether there is a database of the system's packages."""
        return any(package.kind == "deb" for package in self.packages)


def wanted(path: str) -> bool:
    """Whether a file, by its path without a leading slash, tells of packages."""
    return any(pattern.fullmatch(path) for pattern in (_WANTED, _METADATA, _HEADER))


def contents(files: Mapping[str, bytes]) -> Contents:
    """What these files of an image say, sorted, each package once."""
    found = sorted((*_debian(files), *_python(files), *_interpreter(files)))
    once = {(each.kind, each.name, each.version, each.architecture): each for each in found}
    return Contents(system=_system(files.get(OS_RELEASE, b"")), packages=tuple(once.values()))


def _system(text: bytes) -> tuple[str, str]:
    pairs = (line.partition("=") for line in text.decode(errors="replace").splitlines())
    values = {name: value.strip("\"'") for name, _, value in pairs}
    return values.get("ID", ""), values.get("VERSION_ID", "")


def _debian(files: Mapping[str, bytes]) -> Iterator[Package]:
    # A database is stanzas of headers, with an empty line between two.
    for stanza in files.get(DPKG, b"").split(b"\n\n"):
        entry = BytesHeaderParser().parsebytes(stanza)
        name, version = entry["Package"], entry["Version"]
        if name and version and (entry["Status"] or "").endswith(" installed"):
            yield Package(
                kind="deb",
                name=name,
                version=version,
                architecture=entry["Architecture"] or "",
                upstream=(entry["Source"] or "").partition(" ")[0],
                licences=debian_licences(files.get(_COPYRIGHT.format(name=name), b"")),
            )


def debian_licences(text: bytes) -> tuple[str, ...]:
    """The licences that a copyright file names, where it is one that programs can read."""
    if not _MACHINE_READABLE.match(text):
        return ()
    return tuple(sorted({each.decode(errors="replace") for each in _LICENCE.findall(text)}))


def _python(files: Mapping[str, bytes]) -> Iterator[Package]:
    for path, text in files.items():
        if not _METADATA.fullmatch(path):
            continue
        metadata = BytesHeaderParser().parsebytes(text)
        name, version = metadata["Name"], metadata["Version"]
        if name and version:
            yield Package(
                kind="pypi", name=name, version=version, licences=python_licences(metadata)
            )


def python_licences(metadata: Message) -> tuple[str, ...]:
    """The licences of a Python package: its expression, else its classifiers, else a short name."""
    if expression := metadata["License-Expression"]:
        return (expression,)
    classifiers = metadata.get_all("Classifier") or []
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    if named := [each for each in named if each != "OSI Approved"]:
        return tuple(sorted(named))
    text = (metadata["License"] or "").strip()
    return (text,) if text and len(text) <= _SHORT and "\n" not in text else ()


def _interpreter(files: Mapping[str, bytes]) -> Iterator[Package]:
    for path, text in files.items():
        if _HEADER.fullmatch(path) and (found := _VERSION.search(text)):
            version = found[1].decode()
            yield Package(kind="generic", name="python", version=version, licences=("PSF-2.0",))
