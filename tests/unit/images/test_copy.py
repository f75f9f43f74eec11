"""Copying an image from one registry to another."""

# ruff: noqa: N803  # ECR's own names
from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast

import pytest

from slipway.errors import BuildError
from slipway.images import copy
from slipway.images.copy import Place

LAYER, CONFIG = b"x" * 25, b"{}"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Absent(Exception):
    """What ECR raises where there is no such image."""


class Already(Exception):
    """What ECR raises where it is there already."""


class Errors:
    ImageNotFoundException = Absent
    ImageAlreadyExistsException = Already
    LayerAlreadyExistsException = Already


@dataclass
class FakeEcr:
    """A registry in memory: manifests and blobs by digest; parts may not be short between."""

    exceptions = Errors
    manifests: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    parts: defaultdict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))
    uploads: int = 0

    def describe_images(self, *, repositoryName: str, imageIds: Any) -> Any:
        if imageIds[0]["imageDigest"] not in self.manifests:
            raise Absent
        return {"imageDetails": [{}]}

    def batch_get_image(self, *, repositoryName: str, imageIds: Any, **more: Any) -> Any:
        digest = imageIds[0]["imageDigest"]
        if digest not in self.manifests:
            return {"images": []}
        return {"images": [{"imageManifest": self.manifests[digest]}]}

    def batch_check_layer_availability(self, *, repositoryName: str, layerDigests: Any) -> Any:
        there = layerDigests[0] in self.blobs
        return {"layers": [{"layerAvailability": "AVAILABLE" if there else "UNAVAILABLE"}]}

    def get_download_url_for_layer(self, *, repositoryName: str, layerDigest: str) -> Any:
        return {"downloadUrl": layerDigest}

    def initiate_layer_upload(self, *, repositoryName: str) -> Any:
        self.uploads += 1
        return {"uploadId": str(self.uploads), "partSize": 10}

    def upload_layer_part(
        self,
        *,
        repositoryName: str,
        uploadId: str,
        partFirstByte: int,
        partLastByte: int,
        layerPartBlob: bytes,
    ) -> None:
        assert partFirstByte == len(self.parts[uploadId])
        assert partFirstByte % 10 == 0, "a short part between"
        assert partLastByte - partFirstByte + 1 == len(layerPartBlob)
        self.parts[uploadId] += layerPartBlob

    def complete_layer_upload(
        self, *, repositoryName: str, uploadId: str, layerDigests: Any
    ) -> None:
        content = self.parts[uploadId]
        assert digest_of(content) == layerDigests[0]
        self.blobs[layerDigests[0]] = content

    def put_image(self, *, repositoryName: str, imageManifest: str, **more: Any) -> None:
        digest = digest_of(imageManifest.encode())
        manifest = json.loads(imageManifest)
        assert all(blob in self.blobs for blob in copy.blobs(manifest)), "before its layers"
        assert all(each["digest"] in self.manifests for each in manifest.get("manifests", []))
        self.manifests[digest] = imageManifest
        if "imageTag" in more:
            self.tags[more["imageTag"]] = digest


def image(ecr: FakeEcr, layer: bytes = LAYER) -> str:
    """An image in a registry; its digest."""
    for content in (layer, CONFIG):
        ecr.blobs[digest_of(content)] = content
    manifest = {"config": {"digest": digest_of(CONFIG)}, "layers": [{"digest": digest_of(layer)}]}
    return manifest_in(ecr, manifest)


def manifest_in(ecr: FakeEcr, manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest)
    ecr.manifests[digest_of(text.encode())] = text
    return digest_of(text.encode())


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> FakeEcr:
    made = FakeEcr()
    monkeypatch.setattr(copy, "urlopen", lambda url, timeout: BytesIO(made.blobs[url]))
    return made


def place(ecr: FakeEcr) -> Place:
    return Place(ecr=cast(Any, ecr), repository="slipway/app")


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
