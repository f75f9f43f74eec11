"""The table of an SBOM."""

from __future__ import annotations

import json

from slipway.sbom.read import rows


def test_each_package_is_a_line() -> None:
    """By type, then name; licences of every kind; `-` where none is known."""
    components = [
        {"name": "uvicorn", "version": "1", "purl": "pkg:pypi/uvicorn@1", "type": "library"},
        {
            "name": "Fast",
            "version": "2",
            "purl": "pkg:pypi/fast@2",
            "type": "library",
            "licenses": [{"expression": "MIT OR ISC"}],
        },
        {
            "name": "libc6",
            "version": "3",
            "purl": "pkg:deb/debian/libc6@3?arch=amd64",
            "type": "library",
            "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Expat"}}],
        },
        {"name": "debian", "version": "13", "type": "operating-system"},
    ]
    assert rows(json.dumps({"components": components}).encode()) == [
        ("libc6", "3", "MIT, Expat", "deb"),
        ("debian", "13", "-", "operating-system"),
        ("Fast", "2", "MIT OR ISC", "pypi"),
        ("uvicorn", "1", "-", "pypi"),
    ]


def test_an_sbom_of_nothing_is_an_empty_table() -> None:
    """An image without any package that we know of."""
    assert rows(b"{}") == []
