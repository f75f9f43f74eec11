"""Copying an image from one registry to another, byte for byte: the digest stays the same."""

from __future__ import annotations

import json
from typing import Any

from slipway.images import transport
from slipway.images.transport import Place
from slipway.sbom.attached import tag_of


def copy(source: Place, target: Place, digest: str, tag: str) -> bool:
    """Have the image `digest` of `source` in `target`, as `tag`; False where it was there.

    With its SBOM, and with that alone where only that is missing.
    """
    new = not transport.has(target, digest)
    if new:
        _copy(source, target, digest, {"imageTag": tag})
    sbom = transport.tagged(source, tag_of(digest))
    if sbom and not transport.has(target, sbom):
        _copy(source, target, sbom, {"imageTag": tag_of(digest)})
    return new


def _copy(source: Place, target: Place, digest: str, name: Any) -> None:
    """An image with all that it is made of; of an index, every image in it first."""
    text, media_type = transport.manifest(source, digest)
    manifest = json.loads(text)
    for inner in manifest.get("manifests", []):
        _copy(source, target, inner["digest"], {"imageDigest": inner["digest"]})
    for blob in blobs(manifest):
        if not transport.has_layer(target, blob):
            with transport.download(source, blob) as stream:
                transport.upload(target, blob, stream)
    transport.put(target, text, media_type, name)


def blobs(manifest: dict[str, Any]) -> list[str]:
    """The digests of the layers and the configuration of an image, each once; pure."""
    parts = [*manifest.get("layers", []), *filter(None, [manifest.get("config")])]
    return list(dict.fromkeys(part["digest"] for part in parts))
