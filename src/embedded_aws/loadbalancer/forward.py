"""A request through the in-process load balancer: MiniStack's rules, our choice of the target."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack import app as ministack_app
from ministack.core.responses import StreamingResponse, request_scope
from ministack.services import alb

from embedded_aws.loadbalancer.choice import eligible, pick, weights
from embedded_aws.loadbalancer.listeners import Application, Place
from embedded_aws.loadbalancer.pool import Pool, Target
from embedded_aws.loadbalancer.traffic import Answer, Traffic

Response = tuple[int, dict[str, Any], Any]


_forwarded: ContextVar[list[Answer]] = ContextVar("forwarded")
"""Of the request that is being answered: what a target group's part in it was."""


def application(traffic: Traffic, place: Place) -> Application:
    """The ASGI application of one listener; what it answers is counted."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            with traffic.under_way(place.load_balancer):
                await _http(traffic, place, scope, receive, send)

    return serve


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _http(traffic: Traffic, place: Place, scope: Any, receive: Any, send: Any) -> None:
    headers = _headers(scope)
    body = await _body(receive)
    query = scope.get("query_string", b"").decode("latin-1")
    _forwarded.set([])
    response = await _dispatch(place, scope, headers, body, query)
    own = Answer(place.load_balancer, "", response[0], None)
    # A target group's part is not known to belong to a load balancer where it is noted.
    for part in _forwarded.get() or [own]:
        traffic.note(part._replace(balancer=place.load_balancer))
    await ministack_app._send_if_handled(send, response, receive, head=scope["method"] == "HEAD")


async def _dispatch(
    place: Place, scope: Any, headers: dict[str, str], body: bytes, query: str
) -> Response:
    found = load_balancer(place.load_balancer)
    if found is None:
        return answer(503, "the load balancer is gone")
    account, region, record = found
    raw = scope.get("raw_path")
    with request_scope(account, region):
        status, answered, content = await alb.dispatch_request(
            record,
            scope["method"],
            scope["path"],
            headers,
            body,
            parse_qs(query, keep_blank_values=True),
            port=place.port,
            client_ip=(scope.get("client") or ("127.0.0.1",))[0],
            raw_query_string=query,
            raw_path=raw.decode("latin-1") if raw else None,
        )
    return status, seen(answered, content, headers.get("host", ""), place), content


def seen(headers: dict[str, Any], content: Any, host: str, place: Place) -> dict[str, Any]:
    """The headers of an answer; a redirect of our own leads to a port that answers."""
    if "Location" not in headers or isinstance(content, StreamingResponse):
        return headers
    return {**headers, "Location": place.seen_location(headers["Location"], host)}


def load_balancer(arn: str) -> tuple[str, str, dict[str, Any]] | None:
    """Account, region and record of a load balancer."""
    for (account, region, key), record in alb._lbs.all_items():
        if key == arn:
            return account, region, record
    return None


def forwarder(pool: Pool) -> Any:
    """What stands in for MiniStack's forward action: weights, health, requests in flight."""

    async def forward(
        action: Mapping[str, Any],
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query_params: Any,
        raw_query_string: str | None = None,
        raw_path: str | None = None,
    ) -> Response:
        group = pick(weights(action), random.random())  # noqa: S311
        record = alb._tgs.get(group or "")
        if record is None:
            return answer(503, "no target group gets traffic")
        target = choose(pool, group or "")
        if target is None:
            return answer(503, "no registered targets in the target group")
        target.in_flight += 1
        began = time.monotonic()
        try:
            response: Response = await alb._proxy_http_target(
                {"Id": target.key.id, "Port": target.key.port},
                record,
                method,
                raw_path or path,
                headers,
                body,
                query_params,
                raw_query_string,
            )
        except BaseException:
            target.in_flight -= 1
            raise
        # What could not be asked is answered with a body that is there at once.
        answered = isinstance(response[2], StreamingResponse)
        seconds = time.monotonic() - began if answered else None
        _forwarded.get([]).append(Answer("", group or "", response[0], seconds))
        return _counted(response, target)

    return forward


def choose(pool: Pool, group: str) -> Target | None:
    """The target for the next request: of those that may get it, one with the fewest in flight."""
    targets = pool.of(group)
    candidates = eligible(targets, [pool.shown(target).state for target in targets])
    random.shuffle(candidates)
    return min(candidates, key=lambda target: target.in_flight, default=None)


def _counted(response: Response, target: Target) -> Response:
    """`response` with the target's count going down once its body is through."""
    status, headers, body = response
    if not isinstance(body, StreamingResponse):
        target.in_flight -= 1
        return response
    inner = body.runner

    async def run(send: Any, receive: Any) -> None:
        try:
            await inner(send, receive)
        finally:
            target.in_flight -= 1

    return status, headers, StreamingResponse(run)


def answer(status: int, message: str) -> Response:
    """An error that the load balancer itself answers."""
    body = json.dumps({"message": message}).encode()
    return status, {"Content-Type": "application/json"}, body


def _headers(scope: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope.get("headers", []):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joint = "; " if key == "cookie" else ", "
        headers[key] = headers[key] + joint + text if key in headers else text
    return headers


async def _body(receive: Any) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return b"".join(chunks)
