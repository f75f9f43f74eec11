"""What the files of an image say of its packages."""

from __future__ import annotations

from email.parser import HeaderParser

import pytest

from slipway.sbom.contents import (
    DPKG,
    OS_RELEASE,
    Package,
    contents,
    debian_licences,
    python_licences,
    wanted,
)

STATUS = b"""\
Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.41-12)
Version: 2.41-12+deb13u5
Depends: libgcc-s1,
 libidn2-0
Description: GNU C Library
 with a line more
 .
 and one after a blank

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: tzdata
Status: install ok installed
Architecture: all
Version: 2026a
"""
COPYRIGHT = b"""\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: LGPL-2.1+

Files: debian/*
License: Expat
 Permission is hereby granted ...

License: LGPL-2.1+
 License: in the text is no field
"""
SITE = "app/.venv/lib/python3.13/site-packages"
FILES = {
    OS_RELEASE: b'ID=debian\nVERSION_ID="13"\n',
    DPKG: STATUS,
    "usr/share/doc/libc6/copyright": COPYRIGHT,
    f"{SITE}/fastapi-0.163.2.dist-info/METADATA": b"Name: fastapi\nVersion: 0.163.2\n"
    b"License-Expression: MIT\n\nName: not-a-header\n",
    "usr/local/include/python3.13/patchlevel.h": b'#define PY_VERSION      \t"3.13.5"\n',
}


def test_packages_of_every_kind_are_found() -> None:
    """Installed ones alone, with their source package and licences, sorted."""
    found = contents(FILES)
    assert found.system == ("debian", "13")
    assert found.packages == (
        Package(
            kind="deb",
            name="libc6",
            version="2.41-12+deb13u5",
            architecture="amd64",
            upstream="glibc",
            licences=("Expat", "LGPL-2.1+"),
        ),
        Package(kind="deb", name="tzdata", version="2026a", architecture="all"),
        Package(kind="generic", name="python", version="3.13.5", licences=("PSF-2.0",)),
        Package(kind="pypi", name="fastapi", version="0.163.2", licences=("MIT",)),
    )
    assert found.knows_debian


def test_only_what_tells_of_packages_is_read() -> None:
    """An image has thousands of files."""
    assert all(map(wanted, FILES))
    others = ("etc/passwd", f"{SITE}/x.dist-info/RECORD", "usr/share/doc/a/b/copyright", "METADATA")
    assert not any(map(wanted, others))


def test_the_same_package_twice_is_one() -> None:
    """A package that another one has brought along."""
    again = "usr/lib/vendor/fastapi-0.163.2.dist-info/METADATA"
    files = {**FILES, again: b"Name: fastapi\nVersion: 0.163.2\n\n"}
    assert len(contents(files).packages) == 4


def test_an_image_without_any_database_is_empty() -> None:
    """It is no error: the caller tells."""
    found = contents({})
    assert (found.packages, found.system, found.knows_debian) == ((), ("", ""), False)


@pytest.mark.parametrize("text", [b"", b"This package was debianized by somebody.\nLicense: GPL\n"])
def test_licences_in_prose_are_unknown(text: bytes) -> None:
    """Guessing would be worse than nothing."""
    assert debian_licences(text) == ()


@pytest.mark.parametrize(
    ("headers", "licences"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: x", ("MIT OR Apache-2.0",)),
        (
            "Classifier: License :: OSI Approved :: MIT License\nClassifier: Topic :: X",
            ("MIT License",),
        ),
        ("Classifier: License :: OSI Approved\nLicense: BSD", ("BSD",)),
        ("License: " + "long " * 20, ()),
        ("Summary: none", ()),
    ],
)
def test_licences_of_python_packages(headers: str, licences: tuple[str, ...]) -> None:
    """The newest way of saying it wins; a text is no name."""
    assert python_licences(HeaderParser().parsestr(headers + "\n\n")) == licences
