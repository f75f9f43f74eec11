"""ECR: artifacts that refer to an image (OCI 1.1), and tags as ECR puts them on and takes them off.

Source: the OCI distribution specification 1.1, "Listing Referrers" and "Pushing Manifests with
Subject"; the ECR API reference on PutImage, BatchDeleteImage and ListImageReferrers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "app._is_ecr_registry_path": ("path",),
    "services.ecr.handle_request": ("method", "path", "headers", "body", "query_params"),
    "services.ecr.handle_registry_request": ("method", "path", "headers", "body", "query_params"),
    "services.ecr._put_image": ("data",),
    "services.ecr._batch_delete_image": ("data",),
    "services.ecr._v2_put_manifest": ("name", "ref", "headers", "body"),
    "services.ecr._select_registry_request_scope": ("name", "headers", "query_params"),
    "services.ecr._registry_ok": ("status", "headers", "body"),
    "services.ecr._registry_error": ("status", "code", "message", "detail"),
    "services.ecr._manifest_blobs": None,
}

REFERRERS = re.compile(r"/v2/(?P<name>.+)/referrers/(?P<digest>[^/]+)")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
INDEX = "application/vnd.oci.image.index.v1+json"


def apply() -> None:
    """Patch the service and the way to it."""
    apply_to_registry()
    apply_to_api()


def apply_to_registry() -> None:
    """The registry's own protocol: a subject is confirmed, and its referrers are listed."""
    from ministack import app
    from ministack.services import ecr

    is_registry_path, put_manifest = app._is_ecr_registry_path, ecr._v2_put_manifest
    theirs = ecr.handle_registry_request

    def is_ours(path: str) -> bool:
        return bool(is_registry_path(path) or REFERRERS.fullmatch(path))

    def put(name: str, ref: str, headers: Any, body: bytes) -> Any:
        status, answered, text = put_manifest(name, ref, headers, body)
        subject = subject_of(body)
        if status == 201 and subject:
            answered = {**answered, "OCI-Subject": subject}
        return status, answered, text

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        found = REFERRERS.fullmatch(path)
        if not found:
            return await theirs(method, path, headers, body, query)
        name, digest = found["name"], found["digest"]
        ecr._select_registry_request_scope(name, headers, query)
        if name not in ecr._repositories:
            return ecr._registry_error(404, "NAME_UNKNOWN", f"no repository {name}")
        if not DIGEST.fullmatch(digest):
            return ecr._registry_error(400, "DIGEST_INVALID", f"no digest: {digest}")
        wanted = [first] if (first := ecr._query_first(query, "artifactType")) else []
        index = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": referrers(ecr._images.get(name, []), digest, wanted),
        }
        filtered = {"OCI-Filters-Applied": "artifactType"} if wanted else {}
        return ecr._registry_ok(200, {"Content-Type": INDEX} | filtered, json.dumps(index).encode())

    app._is_ecr_registry_path = is_ours
    ecr._v2_put_manifest = put
    ecr.handle_registry_request = handle


def apply_to_api() -> None:
    """ECR's API: ListImageReferrers, and tags that leave the image where it is."""
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import ecr

    theirs, put_image, delete = ecr.handle_request, ecr._put_image, ecr._batch_delete_image

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if not headers.get("x-amz-target", "").endswith(".ListImageReferrers"):
            return await theirs(method, path, headers, body, query)
        data = json.loads(body)
        name = data["repositoryName"]
        if name not in ecr._repositories:
            return error_response_json("RepositoryNotFoundException", f"no repository {name}", 400)
        wanted = data.get("filter", {}).get("artifactTypes", [])
        found = referrers(ecr._images.get(name, []), data["subjectId"]["imageDigest"], wanted)
        return json_response(
            {"referrers": [{**each, "artifactStatus": "ACTIVE"} for each in found]}
        )

    def put(data: dict[str, Any]) -> Any:
        name, manifest, tag = (
            data.get("repositoryName", ""),
            data["imageManifest"],
            data.get("imageTag"),
        )
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        there = ecr._find_image(name, {"imageTag": tag}) if tag else None
        if there and there["imageDigest"] == digest:
            message = f"Image with digest '{digest}' and tag '{tag}' already exists in '{name}'"
            return error_response_json("ImageAlreadyExistsException", message, 400)
        answer = put_image(data)
        if answer[0] == 200:
            ecr._manifest_blobs.setdefault(name, {})[digest] = manifest.encode()
        return answer

    def batch_delete(data: dict[str, Any]) -> Any:
        whole, untagged = [], []
        for image in data.get("imageIds", []):
            found = ecr._find_image(data.get("repositoryName", ""), image)
            if found and untag(found, image):
                untagged.append({"imageDigest": found["imageDigest"], **image})
            else:
                whole.append(image)
        status, headers, body = delete({**data, "imageIds": whole})
        if status != 200:
            return status, headers, body
        answer = json.loads(body)
        return json_response({**answer, "imageIds": [*untagged, *answer["imageIds"]]})

    ecr.handle_request = handle
    ecr._put_image = put
    ecr._batch_delete_image = batch_delete


def untag(image: dict[str, Any], by: dict[str, str]) -> bool:
    """Take the tag off that an image is to be deleted by; False if that means the image itself."""
    tag, tags = by.get("imageTag"), image.get("imageTags", [])
    if tag is None or by.get("imageDigest") or tags == [tag]:
        return False
    tags.remove(tag)
    image["imageId"]["imageTag"] = tags[-1]
    return True


def referrers(
    images: Iterable[dict[str, Any]], digest: str, artifact_types: list[str]
) -> list[dict[str, Any]]:
    """The descriptors of what refers to an image, of these types where any are named."""
    found = [descriptor(image) for image in images if subject_of(image["imageManifest"]) == digest]
    return [each for each in found if not artifact_types or each["artifactType"] in artifact_types]


def descriptor(image: dict[str, Any]) -> dict[str, Any]:
    """One artifact as an index lists it; without a type of its own it has its configuration's."""
    text = image["imageManifest"]
    manifest = json.loads(text)
    found = {
        "mediaType": image["imageManifestMediaType"],
        "digest": image["imageDigest"],
        "size": len(text.encode()),
        "artifactType": manifest.get("artifactType") or manifest["config"]["mediaType"],
    }
    annotations = manifest.get("annotations")
    return {**found, "annotations": annotations} if annotations else found


def subject_of(manifest: str | bytes) -> str:
    """The digest of the image that a manifest refers to, or ""."""
    try:
        parts = json.loads(manifest)
    except ValueError:
        return ""
    return str((parts.get("subject") or {}).get("digest", "")) if isinstance(parts, dict) else ""
