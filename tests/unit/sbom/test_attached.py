"""SBOMs in a registry."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from slipway.errors import BuildError
from slipway.images import transport
from slipway.images.transport import digest_of
from slipway.sbom.attached import attach, attached, fetch, tag_of
from tests.unit.images.registry import FakeEcr, image, place

DOCUMENT = b'{"bomFormat": "CycloneDX"}'


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> FakeEcr:
    made = FakeEcr()
    monkeypatch.setattr(transport, "urlopen", lambda url, timeout: BytesIO(made.blobs[url]))
    return made


def test_what_was_attached_is_fetched(ecr: FakeEcr) -> None:
    """By the digest of the image alone."""
    digest = image(ecr)
    assert not attached(place(ecr), digest)
    assert fetch(place(ecr), digest) is None
    attach(place(ecr), digest, DOCUMENT)
    assert attached(place(ecr), digest)
    assert fetch(place(ecr), digest) == DOCUMENT


def test_other_tools_know_whose_it_is(ecr: FakeEcr) -> None:
    """The subject is the image as the registry has it, and the type that of CycloneDX."""
    digest = image(ecr)
    attach(place(ecr), digest, DOCUMENT)
    made = json.loads(ecr.manifests[ecr.tags[tag_of(digest)]])
    assert made["subject"]["digest"] == digest
    assert made["subject"]["size"] == len(ecr.manifests[digest])
    assert made["artifactType"] == made["layers"][0]["mediaType"]
    assert made["artifactType"] == "application/vnd.cyclonedx+json"
    assert made["config"]["digest"] == digest_of(b"{}")


def test_the_first_one_stays(ecr: FakeEcr) -> None:
    """Tags can't be moved; two builds of the same content agree on whoever came first."""
    digest = image(ecr)
    attach(place(ecr), digest, DOCUMENT)
    attach(place(ecr), digest, b"{}")
    assert fetch(place(ecr), digest) == DOCUMENT


def test_damage_is_noticed(ecr: FakeEcr) -> None:
    """Half a list of packages would look like a good one."""
    digest = image(ecr)
    attach(place(ecr), digest, DOCUMENT)
    ecr.blobs[digest_of(DOCUMENT)] = DOCUMENT[:-1]
    with pytest.raises(BuildError, match="damaged"):
        fetch(place(ecr), digest)
