"""Faults on demand, for rehearsals: `POST /_slipway/faults` says which there are from now on.

Only for whoever may call everything, never for tasks: they come by another door, which knows no
such path.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

PATH = "/_slipway/faults"
GONE = "gone"

Databases = Callable[[bool], None]
"""Stops the servers of all databases (False), or has them serve again (True), and waits for it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What goes wrong: the share of calls that are refused as too many, and what is not there."""

    throttle: float = 0.0
    secrets: str = ""
    databases: str = ""


class BadFault(ValueError):
    """What can't be asked for."""


def read(body: bytes) -> Wanted:
    """The faults in a request; none for `{}`. Raises `BadFault`."""
    try:
        found = json.loads(body or b"{}")
        wanted = Wanted(**found)
        share = float(wanted.throttle)
    except (TypeError, ValueError) as problem:
        raise BadFault(f"not faults: {problem}") from problem
    if not 0 <= share < 1 or {wanted.secrets, wanted.databases} - {"", GONE}:
        raise BadFault('throttle is 0 or more and below 1; secrets and databases are "gone" or ""')
    return wanted


class Faults:
    """The faults that there are now."""

    def __init__(self, databases: Databases) -> None:
        self.wanted = Wanted()
        self._databases = databases

    def want(self, wanted: Wanted) -> None:
        """Have exactly these; databases are gone, or there again, when this returns."""
        before, self.wanted = self.wanted, wanted
        if before.databases != wanted.databases:
            self._databases(wanted.databases != GONE)

    def secret_problem(self) -> str:
        """Why a task gets no secret now, as Fargate says it; or ""."""
        if self.wanted.secrets != GONE:
            return ""
        return "ResourceNotFoundException: Secrets Manager can't find the specified secret."

    def throttles(self, headers: Mapping[str, bytes]) -> bool:
        """Whether this request is one too many; only calls of AWS's API are counted."""
        signed = headers.get("authorization", b"").startswith(b"AWS4-HMAC")
        return signed and random.random() < self.wanted.throttle  # noqa: S311

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        """The control itself."""
        body = await _body(receive)
        if scope["method"] != "POST":
            await _send(send, 405, b"application/json", b"{}")
            return
        try:
            await asyncio.to_thread(self.want, read(body))
        except BadFault as problem:
            await _send(send, 400, b"application/json", _json({"error": str(problem)}))
            return
        await _send(send, 200, b"application/json", _json(asdict(self.wanted)))


def headers_of(scope: Any) -> dict[str, bytes]:
    return {name.decode("latin-1").lower(): value for name, value in scope["headers"]}


async def refuse(headers: Mapping[str, bytes], receive: Any, send: Any) -> None:
    """Answer that there were too many calls."""
    await _body(receive)
    status, kind, body = too_many(headers)
    await _send(send, status, kind, body)


def too_many(headers: Mapping[str, bytes]) -> tuple[int, bytes, bytes]:
    """Status, content type and body of a refusal, as the service of the request says it; pure."""
    if "smithy-protocol" in headers:
        # An empty map of CBOR: clients go by the status alone.
        return 503, b"application/cbor", b"\xa0"
    if "x-amz-target" in headers:
        value = {"__type": "ThrottlingException", "message": "Rate exceeded"}
        return 400, b"application/x-amz-json-1.1", _json(value)
    if b"/s3/aws4_request" in headers.get("authorization", b""):
        error = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message>"
        return 503, b"application/xml", f"{error}</Error>".encode()
    if b"form-urlencoded" in headers.get("content-type", b""):
        error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
        return 400, b"text/xml", f"<ErrorResponse>{error}</Error></ErrorResponse>".encode()
    value = {"message": "Too Many Requests", "code": "TooManyRequestsException"}
    return 429, b"application/json", _json(value)


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return body


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


async def _send(send: Any, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    if kind == b"application/cbor":
        headers.append((b"smithy-protocol", b"rpc-v2-cbor"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
