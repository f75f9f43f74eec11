"""ECR: layers by its own API, as copies and SBOMs take it; MiniStack answers and keeps nothing."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from embedded_aws.blobs import RepositoryBlobs
from embedded_aws.patches import Symbols
from embedded_aws.settings import Settings

SYMBOLS: Symbols = {
    "services.ecr._batch_check_layer_availability": ("data",),
    "services.ecr._get_download_url_for_layer": ("data",),
    "services.ecr._upload_layer_part": ("data",),
    "services.ecr._complete_layer_upload": ("data",),
}


def apply(settings: Settings) -> None:
    """Patch the service; layers are those that `docker push` brings as well."""
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import ecr

    uploads: dict[str, bytearray] = {}
    complete, address = ecr._complete_layer_upload, ecr._get_download_url_for_layer
    part_taken = ecr._upload_layer_part

    def blobs(data: dict[str, Any]) -> RepositoryBlobs:
        found: RepositoryBlobs = ecr._layer_blobs.get(data.get("repositoryName", ""))
        return found

    def check(data: dict[str, Any]) -> Any:
        there = blobs(data)
        layers = [availability(there, digest) for digest in data.get("layerDigests", [])]
        return json_response({"layers": layers, "failures": []})

    def download_url(data: dict[str, Any]) -> Any:
        name, digest = data.get("repositoryName", ""), data.get("layerDigest", "")
        if digest not in blobs(data):
            message = f"The layer with digest '{digest}' does not exist in '{name}'"
            return error_response_json("LayersNotFoundException", message, 400)
        if name not in ecr._repositories:
            return address(data)
        url = f"http://{settings.registry}/v2/{name}/blobs/{digest}"
        return json_response({"downloadUrl": url, "layerDigest": digest})

    def upload_part(data: dict[str, Any]) -> Any:
        part = base64.b64decode(data.get("layerPartBlob", ""))
        uploads.setdefault(data.get("uploadId", ""), bytearray()).extend(part)
        return part_taken(data)

    def complete_upload(data: dict[str, Any]) -> Any:
        content = bytes(uploads.pop(data.get("uploadId", ""), b""))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if data.get("layerDigests") != [digest]:
            message = f"The digest of what was uploaded is {digest}"
            return error_response_json("InvalidLayerException", message, 400)
        blobs(data)[digest] = content
        return complete(data)

    ecr._batch_check_layer_availability = check
    ecr._get_download_url_for_layer = download_url
    ecr._upload_layer_part = upload_part
    ecr._complete_layer_upload = complete_upload


def availability(there: RepositoryBlobs, digest: str) -> dict[str, Any]:
    """What BatchCheckLayerAvailability says of one layer."""
    state = "AVAILABLE" if digest in there else "UNAVAILABLE"
    return {"layerDigest": digest, "layerAvailability": state, "layerSize": there.size(digest)}
