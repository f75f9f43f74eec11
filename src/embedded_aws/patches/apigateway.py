"""API Gateway: VPC links, and the fields of an integration that go with them."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "services.apigateway._apigw_error": ("code", "message", "status"),
    "services.apigateway._apigw_response": ("data", "status"),
    "services.apigateway._create_integration": ("api_id", "data"),
    "services.apigateway._integrations": None,
    "services.apigateway._update_integration": ("api_id", "int_id", "data"),
    "services.apigateway.get_state": (),
    "services.apigateway.handle_request": (*("method", "path", "headers", "body", "query_params"),),
    "services.apigateway.load_persisted_state": ("data",),
    "services.apigateway.reset": (),
}

PATH = "/v2/vpclinks"
STATE = "vpc_links"
KEPT = ("connectionId", "tlsConfig", "credentialsArn", "integrationSubtype")
"""Fields of an integration that MiniStack drops."""


def apply() -> None:
    """Patch the service."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import apigateway

    links = AccountRegionScopedDict()
    _patch_paths(links)
    _patch_state(links)
    create, update = apigateway._create_integration, apigateway._update_integration

    def keeping(response: Any, api: str, data: Mapping[str, Any]) -> Any:
        if response[0] >= 300:
            return response
        name = json.loads(response[2])["integrationId"]
        record = apigateway._integrations[api][name]
        record.update({key: data[key] for key in KEPT if key in data})
        return apigateway._apigw_response(record, response[0])

    apigateway._create_integration = lambda api_id, data: keeping(
        create(api_id, data), api_id, data
    )
    apigateway._update_integration = lambda api_id, int_id, data: keeping(
        update(api_id, int_id, data), api_id, data
    )


def _patch_paths(links: Any) -> None:
    from ministack.services import apigateway

    theirs = apigateway.handle_request

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Any
    ) -> Any:
        if not path.startswith(PATH):
            return await theirs(method, path, headers, body, query_params)
        return answer(links, method, path.removeprefix(PATH).strip("/"), json.loads(body or b"{}"))

    apigateway.handle_request = handle_request


def answer(links: Any, method: str, name: str, data: Mapping[str, Any]) -> Any:
    """One request about VPC links."""
    from ministack.services import apigateway

    if not name:
        if method == "POST":
            return _create(links, data)
        return apigateway._apigw_response({"items": list(links.values())}, 200)
    link = links.get(name)
    if link is None:
        return apigateway._apigw_error("NotFoundException", f"VpcLink {name} not found", 404)
    if method == "DELETE":
        links.pop(name)
        return apigateway._apigw_response({}, 202)
    if method == "PATCH" and data.get("name"):
        link["name"] = data["name"]
    return apigateway._apigw_response(link, 200)


def _create(links: Any, data: Mapping[str, Any]) -> Any:
    from ministack.services import apigateway

    name = uuid4().hex[:6]
    links[name] = {
        "vpcLinkId": name,
        "name": data.get("name", ""),
        "securityGroupIds": data.get("securityGroupIds") or [],
        "subnetIds": data.get("subnetIds") or [],
        "tags": data.get("tags") or {},
        "createdDate": datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "vpcLinkStatus": "AVAILABLE",
        "vpcLinkVersion": "V2",
    }
    return apigateway._apigw_response(links[name], 201)


def _patch_state(links: Any) -> None:
    from ministack.services import apigateway

    save, load, reset = (
        apigateway.get_state,
        apigateway.load_persisted_state,
        apigateway.reset,
    )

    def get_state() -> dict[str, Any]:
        return {**save(), STATE: copy.deepcopy(links)}

    def load_persisted_state(data: dict[str, Any]) -> None:
        load(data)
        links.update((data or {}).get(STATE, {}))

    def reset_all() -> None:
        reset()
        links.clear()

    apigateway.get_state = get_state
    apigateway.load_persisted_state = load_persisted_state
    apigateway.reset = reset_all
