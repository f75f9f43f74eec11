"""An SBOM beside its image in the registry: an OCI artifact whose subject is the image.

It has a tag of its own, made of the image's digest. So it is found and kept where a registry has
no referrers API; docs/decisions/0196-an-sbom-has-a-tag.md says why it is not the one that OCI
names for that.
"""

from __future__ import annotations

import json
from contextlib import suppress
from io import BytesIO
from typing import Any

from slipway.images import transport
from slipway.images.transport import Place, digest_of

MEDIA_TYPE = "application/vnd.cyclonedx+json"
PREFIX = "sbom-"
"""What the tag of every SBOM begins with; the registry's lifecycle rules know it."""

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def tag_of(image: str) -> str:
    """The tag of the SBOM of the image with that digest."""
    return PREFIX + image.removeprefix("sha256:")


def attach(place: Place, image: str, document: bytes) -> None:
    """Put the SBOM of `image` (its digest) beside it; where there is one, that stays."""
    text, media_type = transport.manifest(place, image)
    subject = _descriptor(media_type, text.encode()) | {"digest": image}
    for blob in (_EMPTY, document):
        if not transport.has_layer(place, digest_of(blob)):
            transport.upload(place, digest_of(blob), BytesIO(blob))
    made = json.dumps(artifact(subject, document))
    with suppress(place.ecr.exceptions.ImageTagAlreadyExistsException):
        transport.put(place, made, _MANIFEST, {"imageTag": tag_of(image)})


def attached(place: Place, image: str) -> bool:
    """Whether the registry has an SBOM of `image` (its digest)."""
    return transport.tagged(place, tag_of(image)) is not None


def fetch(place: Place, image: str) -> bytes | None:
    """The SBOM of `image` (its digest); None where there is none."""
    found = transport.tagged(place, tag_of(image))
    if found is None:
        return None
    blob = json.loads(transport.manifest(place, found)[0])["layers"][0]["digest"]
    with transport.download(place, blob) as stream:
        document = stream.read()
    if digest_of(document) != blob:
        raise transport.damaged(place, blob)
    return document


def artifact(subject: dict[str, Any], document: bytes) -> dict[str, Any]:
    """The manifest that says whose SBOM `document` is; pure."""
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "artifactType": MEDIA_TYPE,
        "config": _descriptor(_EMPTY_TYPE, _EMPTY),
        "layers": [_descriptor(MEDIA_TYPE, document)],
        "subject": subject,
    }


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
