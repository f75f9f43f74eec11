"""Copying an image from one registry to another."""

from __future__ import annotations

from io import BytesIO

import pytest

from slipway.errors import BuildError
from slipway.images import copy, transport
from slipway.images.transport import digest_of
from slipway.sbom.attached import attach, fetch
from tests.unit.images.registry import LAYER, FakeEcr, image, manifest_in, place


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> FakeEcr:
    made = FakeEcr()
    monkeypatch.setattr(transport, "urlopen", lambda url, timeout: BytesIO(made.blobs[url]))
    return made


def test_an_image_arrives_as_it_is(source: FakeEcr) -> None:
    """The same digest, under its tag, layers before the manifest; a second time does nothing."""
    target, digest = FakeEcr(), image(source)
    assert copy.copy(place(source), place(target), digest, "abc")
    assert target.tags == {"abc": digest}
    assert target.blobs == source.blobs
    assert not copy.copy(place(source), place(target), digest, "abc")
    assert target.uploads == 2


def test_layers_that_are_there_are_not_copied_again(source: FakeEcr) -> None:
    """A new version usually shares most of its layers."""
    target = FakeEcr()
    digest = image(source)
    target.blobs[digest_of(LAYER)] = LAYER
    copy.copy(place(source), place(target), digest, "abc")
    assert target.uploads == 1


def test_an_index_comes_with_its_images(source: FakeEcr) -> None:
    """What BuildKit pushes for several platforms, or with attestations."""
    target = FakeEcr()
    inner = image(source)
    digest = manifest_in(source, {"manifests": [{"digest": inner}]})
    copy.copy(place(source), place(target), digest, "abc")
    assert set(target.manifests) == {inner, digest}
    assert target.tags == {"abc": digest}


def test_an_image_that_is_gone_is_told(source: FakeEcr) -> None:
    """With the way to have it again."""
    with pytest.raises(BuildError, match="no more") as caught:
        copy.copy(place(source), place(FakeEcr()), digest_of(b"gone"), "abc")
    assert caught.value.next_step


def test_a_damaged_layer_is_not_used(source: FakeEcr) -> None:
    """A download that was cut off is noticed before it becomes a layer."""
    target, digest = FakeEcr(), image(source)
    source.blobs[digest_of(LAYER)] = LAYER[:-1]
    with pytest.raises(BuildError, match="damaged"):
        copy.copy(place(source), place(target), digest, "abc")
    assert not target.manifests


def test_an_sbom_comes_with_its_image(source: FakeEcr, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes under the same tag; late, where only the image was there."""
    target, digest = FakeEcr(), image(source)
    copy.copy(place(source), place(target), digest, "abc")
    attach(place(source), digest, b'{"bomFormat": "CycloneDX"}')
    assert not copy.copy(place(source), place(target), digest, "abc")
    assert target.manifests == source.manifests
    assert set(target.tags) == {"abc", f"sbom-{digest.removeprefix('sha256:')}"}
    monkeypatch.setattr(transport, "urlopen", lambda url, timeout: BytesIO(target.blobs[url]))
    assert fetch(place(target), digest) == b'{"bomFormat": "CycloneDX"}'
