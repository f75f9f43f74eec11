"""What belongs together: the ids of a request, in every line of its log and in calls to others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import NamedTuple

REQUEST_ID = "X-Request-ID"

_GOOD_ID = re.compile(r"[\w.-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_AMAZON = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)")


class Correlation(NamedTuple):
    """The ids of one request: `trace_id` and `span_id` are those of W3C's Trace Context."""

    request_id: str
    trace_id: str
    span_id: str


current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def correlate(headers: Iterable[tuple[bytes, bytes]]) -> Correlation:
    """The ids that the caller or the load balancer sent; new ones for what is missing or no id."""
    new = os.urandom(16).hex()
    request_id = trace_id = amazon = ""
    for name, value in headers:
        if name == b"x-request-id":
            request_id = value.decode("latin-1")
        elif name == b"traceparent":
            trace_id = _first(_TRACEPARENT, value)
        elif name == b"x-amzn-trace-id":
            amazon = _first(_AMAZON, value)
    if not (request_id and _GOOD_ID.fullmatch(request_id)):
        request_id = new
    return Correlation(request_id, trace_id or amazon or new, new[:16])


def outgoing() -> dict[str, str]:
    """The headers that carry the ids of the present request into a call to another service."""
    ids = current.get()
    if not ids:
        return {}
    return {REQUEST_ID: ids.request_id, "traceparent": f"00-{ids.trace_id}-{ids.span_id}-01"}


def _first(pattern: re.Pattern[str], value: bytes) -> str:
    match = pattern.search(value.decode("latin-1"))
    return "".join(match.groups()) if match else ""
