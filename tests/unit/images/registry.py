"""A registry in memory, for tests of what goes through ECR's own API."""

# ruff: noqa: N803  # ECR's own names
from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, cast

from slipway.images import copy
from slipway.images.transport import Place, digest_of

LAYER, CONFIG = b"x" * 25, b"{}"


class Absent(Exception):
    """What ECR raises where there is no such image."""


class Already(Exception):
    """What ECR raises where it is there already."""


class Errors:
    ImageNotFoundException = Absent
    ImageAlreadyExistsException = Already
    ImageTagAlreadyExistsException = Already
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
        (image,) = imageIds
        digest = image.get("imageDigest") or self.tags.get(image["imageTag"])
        if digest not in self.manifests:
            raise Absent
        return {"imageDetails": [{"imageDigest": digest}]}

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
        if more.get("imageTag") in self.tags:
            raise Already
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


def place(ecr: FakeEcr) -> Place:
    """The repository of a service in it."""
    return Place(ecr=cast(Any, ecr), repository="slipway/app")
