"""The server on the gateway of the tasks' network, with the allow-list before the APIs."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from embedded_aws.bridge.allowed import Request, handed_on, is_allowed
from embedded_aws.loadbalancer.addresses import can_bind

log = logging.getLogger("embedded.bridge")

LONGEST_FORM = 1024 * 1024
"""Bytes of a form that is read to know its action; SNS takes 256 KiB."""

REFUSED = "tasks may not call this here; docs/embedded-aws.md lists what they may"

Application = Callable[[Any, Any, Any], Any]


class Guard:
    """An ASGI application: the inner one, for what a task may call."""

    def __init__(
        self, inner: Application, subnet: ipaddress.IPv4Network, host: str, buckets: Any
    ) -> None:
        self._inner = inner
        self._subnet = subnet
        self._host = host
        self._buckets: Callable[[], Collection[str]] = buckets

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        # What remains are WebSockets: to return without an answer closes them.

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        request = await _read(scope, receive)
        client = (scope.get("client") or ("127.0.0.1",))[0]
        near = ipaddress.ip_address(client) in self._subnet
        if not near or request is None or not is_allowed(request, self._buckets()):
            log.warning("refused to %s: %s %s", client, scope["method"], scope["path"])
            await _refuse(scope, send)
            return
        headers = handed_on(request.headers, self._host)
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        begin = _replay(request.body, receive) if request.has_form else receive
        await self._inner({**scope, "headers": encoded}, begin, send)


async def _read(scope: Any, receive: Any) -> Request | None:
    """The request, a form's body included; None for what could be read in two ways."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in headers:
            return None
        headers[key] = value.decode("latin-1")
    request = Request(
        method=scope["method"],
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
    )
    if not request.has_form:
        return request
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > LONGEST_FORM:
            return None
    return Request(
        method=request.method, path=request.path, query=request.query, headers=headers, body=body
    )


def _replay(body: bytes, receive: Any) -> Any:
    """A `receive` that begins with a body that was read already."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return waiting.pop() if waiting else await receive()

    return again


async def _refuse(scope: Any, send: Any) -> None:
    kind, body = refusal({name.decode("latin-1").lower(): v for name, v in scope["headers"]})
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"x-amzn-errortype", b"AccessDeniedException"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refusal(headers: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Content type and body of a refusal, as clients of the protocol read it."""
    if "x-amz-target" in headers:
        body = json.dumps({"__type": "AccessDeniedException", "message": REFUSED})
        return b"application/x-amz-json-1.1", body.encode()
    error = f"<Error><Code>AccessDenied</Code><Message>{REFUSED}</Message></Error>"
    if b"/s3/aws4_request" not in headers.get("authorization", b""):
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return b"text/xml", error.encode()


async def _lifespan(receive: Any, send: Any) -> None:
    """The inner application's own is run by its own server."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class Door:
    """Serves tasks at an address of their network that this process has."""

    def __init__(self, inner: Application, port: int, buckets: Callable[[], Any]) -> None:
        self._inner = inner
        self._port = port
        self._buckets = buckets
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.endpoint = ""
        """What tasks call AWS by; empty where they can't."""

    def open(self, subnet: ipaddress.IPv4Network, address: str) -> None:
        """Listen on an address of the network: its gateway where that is this machine's."""
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        if not can_bind(address, self._port):
            log.warning("tasks can't call AWS: %s:%s can't be listened on", address, self._port)
            return
        config = Config()
        config.bind = [f"{address}:{self._port}"]
        config.graceful_timeout = 1
        config.loglevel = "WARNING"
        guard: Any = Guard(self._inner, subnet, f"127.0.0.1:{self._port}", self._buckets)
        self._task = asyncio.create_task(serve(guard, config, shutdown_trigger=self._ended.wait))
        self.endpoint = f"http://{address}:{self._port}"

    async def close(self) -> None:
        self._ended.set()
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)
