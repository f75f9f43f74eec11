"""Copying an image from one registry to another, byte for byte: the digest stays the same.

By ECR's own API with the credentials that are there anyway; no Docker engine takes part.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.request import urlopen

from slipway.errors import BuildError
from slipway.release.retention import MEDIA_TYPES

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient


@dataclass(frozen=True, kw_only=True)
class Place:
    """A repository, by the client of its registry and its name there."""

    ecr: ECRClient
    repository: str


def copy(source: Place, target: Place, digest: str, tag: str) -> bool:
    """Have the image `digest` of `source` in `target`, as `tag`; False where it was there."""
    if has(target, digest):
        return False
    _copy(source, target, digest, tag)
    return True


def has(place: Place, digest: str) -> bool:
    """Whether a repository holds an image."""
    try:
        found = place.ecr.describe_images(
            repositoryName=place.repository, imageIds=[{"imageDigest": digest}]
        )
    except place.ecr.exceptions.ImageNotFoundException:
        return False
    return bool(found["imageDetails"])


def _copy(source: Place, target: Place, digest: str, tag: str = "") -> None:
    """An image with all that it is made of; of an index, every image in it first."""
    text, media_type = _manifest(source, digest)
    manifest = json.loads(text)
    for inner in manifest.get("manifests", []):
        _copy(source, target, inner["digest"])
    for blob in blobs(manifest):
        if not _has_layer(target, blob):
            _copy_layer(source, target, blob)
    tagged: Any = {"imageTag": tag} if tag else {"imageDigest": digest}
    with suppress(target.ecr.exceptions.ImageAlreadyExistsException):
        target.ecr.put_image(
            repositoryName=target.repository,
            imageManifest=text,
            imageManifestMediaType=media_type,
            **tagged,
        )


def blobs(manifest: dict[str, Any]) -> list[str]:
    """The digests of the layers and the configuration of an image, each once; pure."""
    parts = [*manifest.get("layers", []), *filter(None, [manifest.get("config")])]
    return list(dict.fromkeys(part["digest"] for part in parts))


def _manifest(place: Place, digest: str) -> tuple[str, str]:
    answer = place.ecr.batch_get_image(
        repositoryName=place.repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=MEDIA_TYPES,
    )
    if not answer["images"]:
        raise BuildError(
            f"the registry has {place.repository}@{digest} no more",
            next_step="deploy it again where it came from, which builds and pushes it",
        )
    found = answer["images"][0]
    return found["imageManifest"], found.get("imageManifestMediaType", MEDIA_TYPES[0])


def _has_layer(place: Place, blob: str) -> bool:
    found = place.ecr.batch_check_layer_availability(
        repositoryName=place.repository, layerDigests=[blob]
    )
    return any(each["layerAvailability"] == "AVAILABLE" for each in found["layers"])


def _copy_layer(source: Place, target: Place, blob: str) -> None:
    """Download and upload in parts, checking what came against its digest."""
    url = source.ecr.get_download_url_for_layer(repositoryName=source.repository, layerDigest=blob)[
        "downloadUrl"
    ]
    started = target.ecr.initiate_layer_upload(repositoryName=target.repository)
    place: Any = {"repositoryName": target.repository, "uploadId": started["uploadId"]}
    digest, first = hashlib.sha256(), 0
    with closing(urlopen(url, timeout=60)) as stream:  # noqa: S310  # ECR's own address
        for part in _parts(stream, started["partSize"]):
            digest.update(part)
            last = first + len(part) - 1
            target.ecr.upload_layer_part(
                partFirstByte=first, partLastByte=last, layerPartBlob=part, **place
            )
            first = last + 1
    if f"sha256:{digest.hexdigest()}" != blob:
        raise BuildError(f"{source.repository}: layer {blob} came damaged; nothing uses it")
    with suppress(target.ecr.exceptions.LayerAlreadyExistsException):
        target.ecr.complete_layer_upload(layerDigests=[blob], **place)


def _parts(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """What is in a stream, in parts that are full but the last: ECR refuses short ones between."""
    while part := b"".join(_exactly(stream, size)):
        yield part


def _exactly(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (some := stream.read(size)):
        size -= len(some)
        yield some
