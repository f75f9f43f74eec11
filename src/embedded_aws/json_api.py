"""AWS's JSON 1.1 protocol, for services of our own: errors, dispatch by target, paging. Pure."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Request = dict[str, Any]
Record = dict[str, Any]
Handler = Callable[[Request], Mapping[str, Any] | None]
Answer = tuple[int, dict[str, str], bytes]

CONTENT_TYPE = "application/x-amz-json-1.1"


class ApiError(Exception):
    """An error as the API answers it; `members` are further fields of its shape."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.members = code, message, members


@dataclass(frozen=True)
class Scope:
    """The account and region of a request."""

    account: str
    region: str


def answer(handlers: Mapping[str, Handler], target: str, body: bytes) -> Answer:
    """The response to one request; `target` is the header that names the operation."""
    try:
        request = _parse(body)
        handler = handlers.get(target.rpartition(".")[2])
        if handler is None:
            raise ApiError("UnknownOperationException", "")
        return _response(200, handler(request) or {})
    except ApiError as error:
        value = {"__type": error.code, "message": error.message, **error.members}
        return _response(400, value)


def _parse(body: bytes) -> Request:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", "") from error
    if not isinstance(value, dict):
        raise ApiError(
            "SerializationException", "Start of structure or map found where not expected."
        )
    return value


def _response(status: int, value: Mapping[str, Any]) -> Answer:
    return status, {"Content-Type": CONTENT_TYPE}, json.dumps(value).encode()


def now() -> float:
    """The time as a timestamp of this protocol: seconds with milliseconds, a number."""
    return round(time.time(), 3)


def page(names: Sequence[Any], token: Any, size: int, bad_token: ApiError) -> tuple[list[Any], str]:
    """One page of `names` and the token of the next, empty for the last."""
    start = 0
    if token:
        if not str(token).isdigit() or int(token) > len(names):
            raise bad_token
        start = int(token)
    end = start + size
    return list(names[start:end]), str(end) if end < len(names) else ""


def chosen(request: Mapping[str, Any], fields: Sequence[str]) -> Record:
    """Those of `fields` that a request has a value for."""
    return {field: request[field] for field in fields if request.get(field) is not None}
