"""Images and what belongs to them in a registry, byte for byte, by ECR's own API.

With the credentials that are there anyway; no Docker engine takes part.
"""

from __future__ import annotations

import hashlib
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


def digest_of(content: bytes) -> str:
    """The name of these bytes in a registry."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tagged(place: Place, tag: str) -> str | None:
    """The digest of what has this tag; None where nothing has."""
    return _known(place, {"imageTag": tag})


def has(place: Place, digest: str) -> bool:
    """Whether a repository holds an image."""
    return _known(place, {"imageDigest": digest}) is not None


def _known(place: Place, image: Any) -> str | None:
    try:
        found = place.ecr.describe_images(repositoryName=place.repository, imageIds=[image])
    except place.ecr.exceptions.ImageNotFoundException:
        return None
    return found["imageDetails"][0]["imageDigest"] if found["imageDetails"] else None


def manifest(place: Place, digest: str) -> tuple[str, str]:
    """The manifest of an image, as it was pushed, and its media type."""
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


def put(place: Place, text: str, media_type: str, name: Any) -> None:
    """Put a manifest under `name`: `imageTag` or `imageDigest`; fine where it has it already."""
    with suppress(place.ecr.exceptions.ImageAlreadyExistsException):
        place.ecr.put_image(
            repositoryName=place.repository,
            imageManifest=text,
            imageManifestMediaType=media_type,
            **name,
        )


def has_layer(place: Place, blob: str) -> bool:
    """Whether a repository holds a layer."""
    found = place.ecr.batch_check_layer_availability(
        repositoryName=place.repository, layerDigests=[blob]
    )
    return any(each["layerAvailability"] == "AVAILABLE" for each in found["layers"])


def download(place: Place, blob: str) -> closing[IO[bytes]]:
    """What is in a layer, as a stream; nothing has compared it with its digest yet."""
    url = place.ecr.get_download_url_for_layer(repositoryName=place.repository, layerDigest=blob)
    return closing(urlopen(url["downloadUrl"], timeout=60))  # noqa: S310  # ECR's own address


def upload(target: Place, blob: str, stream: IO[bytes]) -> None:
    """Upload a layer in parts. Raises `BuildError` where what came has another digest."""
    started = target.ecr.initiate_layer_upload(repositoryName=target.repository)
    place: Any = {"repositoryName": target.repository, "uploadId": started["uploadId"]}
    digest, first = hashlib.sha256(), 0
    for part in _parts(stream, started["partSize"]):
        digest.update(part)
        last = first + len(part) - 1
        target.ecr.upload_layer_part(
            partFirstByte=first, partLastByte=last, layerPartBlob=part, **place
        )
        first = last + 1
    if f"sha256:{digest.hexdigest()}" != blob:
        raise damaged(target, blob)
    with suppress(target.ecr.exceptions.LayerAlreadyExistsException):
        target.ecr.complete_layer_upload(layerDigests=[blob], **place)


def damaged(place: Place, blob: str) -> BuildError:
    """The error for bytes that are not what their digest says."""
    return BuildError(
        f"{place.repository}: layer {blob} came damaged; nothing uses it",
        next_step="run the command again",
    )


def _parts(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """What is in a stream, in parts that are full but the last: ECR refuses short ones between."""
    while part := b"".join(_exactly(stream, size)):
        yield part


def _exactly(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (some := stream.read(size)):
        size -= len(some)
        yield some
