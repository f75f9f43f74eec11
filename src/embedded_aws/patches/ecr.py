"""ECR: a registry address that works as it is, layers on disk, images that are missing."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from embedded_aws.blobs import BlobStore
from embedded_aws.patches import Symbols
from embedded_aws.settings import Settings

SYMBOLS: Symbols = {
    "services.ecr._repo_uri": ("name",),
    "services.ecr._get_authorization_token": ("data",),
    "services.ecr._describe_images": ("data",),
    "services.ecr._repo_shape": ("repo",),
    "services.ecr._find_image": ("repo_name", "image_id"),
    "services.ecr._layer_blobs": None,
    "services.ecr._images": None,
    "services.ecr._repositories": None,
}

TWELVE_HOURS = 43200


def apply(settings: Settings) -> None:
    """Patch the service; images are kept in the instance's folder."""
    from ministack.core.responses import error_response_json, get_account_id, json_response
    from ministack.services import ecr

    store = BlobStore(settings.blobs)
    describe_images = ecr._describe_images
    shape = ecr._repo_shape

    def repo_uri(name: str) -> str:
        return f"{settings.registry}/{name}"

    def repo_shape(repository: dict[str, Any]) -> dict[str, Any]:
        # The port may be another than when the repository was made.
        uri = repo_uri(repository["repositoryName"])
        return {**shape(repository), "repositoryUri": uri}

    def get_authorization_token(_data: dict[str, Any]) -> Any:
        token = base64.b64encode(b"AWS:embedded").decode()
        data = {
            "authorizationToken": token,
            "expiresAt": int(time.time()) + TWELVE_HOURS,
            "proxyEndpoint": f"http://{settings.registry}",
        }
        return json_response({"authorizationData": [data]})

    def describe(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        for image in data.get("imageIds") or [] if name in ecr._repositories else []:
            if not ecr._find_image(name, image):
                message = missing_image(name, image, get_account_id())
                return error_response_json("ImageNotFoundException", message, 400)
        return with_sizes(describe_images(data))

    def with_sizes(response: Any) -> Any:
        status, _, body = response
        payload = json.loads(body)
        for detail in payload.get("imageDetails", []):
            image = ecr._find_image(
                detail["repositoryName"], {"imageDigest": detail["imageDigest"]}
            )
            detail["imageSizeInBytes"] = size_of(image["imageManifest"])
        return json_response(payload, status) if status == 200 else response

    ecr._repo_uri = repo_uri
    ecr._repo_shape = repo_shape
    ecr._layer_blobs = store
    ecr._get_authorization_token = get_authorization_token
    ecr._describe_images = describe


def missing_image(repository: str, image: dict[str, str], account: str) -> str:
    """AWS's words for an image that is not there."""
    digest, tag = image.get("imageDigest", "null"), image.get("imageTag", "null")
    return (
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist "
        f"within the repository with name '{repository}' in the registry with id '{account}'"
    )


def size_of(manifest: str) -> int:
    """Bytes of an image: its layers as the manifest tells them; of an index, its manifests."""
    try:
        parts = json.loads(manifest)
    except ValueError:
        return len(manifest)
    layers = parts.get("layers") or parts.get("manifests") or []
    return sum(int(layer.get("size", 0)) for layer in layers)
