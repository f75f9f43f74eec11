"""The SBOM as other tools read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from slipway.model import ImageRef
from slipway.sbom.contents import Contents, Package
from slipway.sbom.document import document, purl

IMAGE = ImageRef(repository="host:5000/shop/app", tag="abc", digest="sha256:" + "ab" * 32)
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTENTS = Contents(
    system=("debian", "13"),
    packages=(
        Package(
            kind="deb",
            name="libc6",
            version="2.41-12",
            architecture="amd64",
            upstream="glibc",
            licences=("Expat", "LGPL-2.1+", "MIT"),
        ),
        Package(kind="pypi", name="fastapi", version="0.163.2", licences=("MIT OR Apache-2.0",)),
        Package(kind="pypi", name="odd", version="1", licences=("Something Else",)),
    ),
)


@pytest.fixture
def made() -> Any:
    return json.loads(document(IMAGE, CREATED, CONTENTS))


def test_it_is_cyclonedx(made: Any) -> None:
    """By the standard's own schema."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made))
    assert problem is None
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")


def test_it_says_of_which_image(made: Any) -> None:
    """By digest, which is what runs."""
    component = made["metadata"]["component"]
    assert component["purl"] == "pkg:oci/app@sha256:" + "ab" * 32
    assert component["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert (component["name"], component["version"]) == ("shop/app", "abc")


def test_the_same_image_gives_the_same_bytes(made: Any) -> None:
    """Whenever and wherever; another image has another serial number."""
    assert document(IMAGE, CREATED, CONTENTS) == document(IMAGE, CREATED, CONTENTS)
    other = ImageRef(repository=IMAGE.repository, tag="abc", digest="sha256:" + "cd" * 32)
    assert json.loads(document(other, CREATED, CONTENTS))["serialNumber"] != made["serialNumber"]
    assert made["metadata"]["timestamp"] == "2026-01-02T03:04:05+00:00"


def test_licences_are_spdx_where_they_can_be(made: Any) -> None:
    """An identifier, an expression, or the maker's own words."""
    licences = {each["name"]: each.get("licenses", []) for each in made["components"]}
    assert licences["fastapi"][0]["expression"] == "MIT OR Apache-2.0"
    assert licences["odd"][0]["license"]["name"] == "Something Else"
    named = {each["license"].get("id") or each["license"]["name"] for each in licences["libc6"]}
    assert named == {"Expat", "LGPL-2.1+", "MIT"}


@pytest.mark.parametrize(
    ("package", "address"),
    [
        (
            CONTENTS.packages[0],
            "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc",
        ),
        (CONTENTS.packages[1], "pkg:pypi/fastapi@0.163.2"),
        (Package(kind="generic", name="python", version="3.13.5"), "pkg:generic/python@3.13.5"),
    ],
)
def test_packages_have_the_names_that_databases_know(package: Package, address: str) -> None:
    """Of vulnerabilities, that is."""
    assert str(purl(package, ("debian", "13"))) == address
