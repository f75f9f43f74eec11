"""Keeping the images that a way back needs: a second tag on those of verified releases.

What ECR's lifecycle rules make of the tags, and why, is in
docs/decisions/0120-images-that-releases-need.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

KEPT = 10
"""Verified releases of a service and environment whose images stay."""

_RELEASE_ID = r"\d{8}T\d{6}Z-[0-9a-f]{6}"
MEDIA_TYPES = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]
_BATCH = 100
"""Tags per BatchDeleteImage: the API's limit."""


def release_tag(environment: str, release_id: str) -> str:
    """The tag that keeps the image of a release."""
    return f"release-{environment}-{release_id}"


def keep(ecr: ECRClient, repository: str, digest: str, tag: str) -> None:
    """Put `tag` on an image that is there; fine where it has it already."""
    found = ecr.batch_get_image(
        repositoryName=repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=MEDIA_TYPES,
    )["images"][0]
    try:
        ecr.put_image(
            repositoryName=repository,
            imageManifest=found["imageManifest"],
            imageManifestMediaType=found.get("imageManifestMediaType", MEDIA_TYPES[0]),
            imageTag=tag,
        )
    except ecr.exceptions.ImageAlreadyExistsException:
        return


def let_go(ecr: ECRClient, repository: str, environment: str, releases: Collection[str]) -> None:
    """Take off the tags of `environment`'s releases that are not among `releases` (ids)."""
    pages = ecr.get_paginator("list_images").paginate(
        repositoryName=repository, filter={"tagStatus": "TAGGED"}
    )
    tags: defaultdict[str, set[str]] = defaultdict(set)
    for image in (image for page in pages for image in page["imageIds"]):
        tags[image["imageDigest"]].add(image["imageTag"])
    old = sorted(outdated(tags, environment, releases))
    for start in range(0, len(old), _BATCH):
        some = old[start : start + _BATCH]
        ecr.batch_delete_image(
            repositoryName=repository, imageIds=[{"imageTag": tag} for tag in some]
        )


def outdated(
    tags: Mapping[str, Iterable[str]], environment: str, releases: Collection[str]
) -> set[str]:
    """The tags to take off, of an environment's tags by image; pure.

    Never all tags of an image: without any it would be gone.
    """
    pattern = re.compile(f"release-{re.escape(environment)}-({_RELEASE_ID})")
    old: set[str] = set()
    for names in map(set, tags.values()):
        matches = filter(None, map(pattern.fullmatch, names))
        mine = {match[0] for match in matches if match[1] not in releases}
        old |= mine if mine < names else set()
    return old
