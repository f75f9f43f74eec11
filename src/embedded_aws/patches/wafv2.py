"""WAFv2: where a web ACL writes its log, which MiniStack has no call for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.patches import Symbols

SYMBOLS: Symbols = {
    "services.waf._web_acls": None,
    "services.waf.handle_request": ("method", "path", "headers", "body", "query_params"),
    "core.responses.error_response_json": (
        *("code", "message", "status", "extra", "message_key", "content_type"),
    ),
    "core.responses.json_response": ("data", "status", "content_type"),
}

KEY = "_logging"
"""In the record of the web ACL, so that it is saved and deleted with it."""


def apply() -> None:
    """Patch the service."""
    from ministack.services import waf

    theirs = waf.handle_request

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Any
    ) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        ours = _ACTIONS.get(action)
        if ours is None:
            return await theirs(method, path, headers, body, query_params)
        return ours(json.loads(body or b"{}"))

    waf.handle_request = handle_request


def _put(data: Mapping[str, Any]) -> Any:
    from ministack.core.responses import json_response

    config = data["LoggingConfiguration"]
    acl = _acl(config["ResourceArn"])
    if acl is None:
        return _missing()
    acl[KEY] = config
    return json_response({"LoggingConfiguration": config})


def _get(data: Mapping[str, Any]) -> Any:
    from ministack.core.responses import json_response

    acl = _acl(data["ResourceArn"])
    if acl is None or KEY not in acl:
        return _missing()
    return json_response({"LoggingConfiguration": acl[KEY]})


def _delete(data: Mapping[str, Any]) -> Any:
    from ministack.core.responses import json_response

    acl = _acl(data["ResourceArn"])
    if acl is None or acl.pop(KEY, None) is None:
        return _missing()
    return json_response({})


_ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "PutLoggingConfiguration": _put,
    "GetLoggingConfiguration": _get,
    "DeleteLoggingConfiguration": _delete,
}


def _acl(arn: str) -> dict[str, Any] | None:
    from ministack.services import waf

    return next((acl for acl in waf._web_acls.values() if acl.get("ARN") == arn), None)


def _missing() -> Any:
    from ministack.core.responses import error_response_json

    message = "AWS WAF couldn't perform the operation because your resource doesn't exist."
    return error_response_json("WAFNonexistentItemException", message, 400)
