"""Which ids a request has."""

from __future__ import annotations

import pytest

from catalog import correlation
from catalog.correlation import correlate

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
AMAZON = f"Self=1-67891234-12456789abcdef012345678;Root=1-{TRACE[:8]}-{TRACE[8:]}"


@pytest.mark.parametrize(
    ("given", "trace_id"),
    [
        ({"traceparent": PARENT}, TRACE),
        ({"x-amzn-trace-id": AMAZON}, TRACE),
        ({"x-amzn-trace-id": AMAZON.replace("0af", "fff"), "traceparent": PARENT}, TRACE),
    ],
)
def test_goes_on_with_the_callers_trace(given: dict[str, str], trace_id: str) -> None:
    """W3C's header comes first, then the one that Amazon's load balancers add."""
    headers = [(name.encode(), value.encode()) for name, value in given.items()]
    assert correlate(headers).trace_id == trace_id


@pytest.mark.parametrize(
    "value", ["", "no", PARENT.replace(TRACE, "0" * 32), PARENT.upper(), PARENT[:-3]]
)
def test_begins_a_trace(value: str) -> None:
    """What is no trace is replaced."""
    found = correlate([(b"traceparent", value.encode())])
    assert len(found.trace_id) == 32
    assert found.trace_id not in value.lower()


@pytest.mark.parametrize("value", ["no\tid", "x" * 129, "", "a b", "\xfc"])
def test_replaces_what_is_no_id(value: str) -> None:
    """What callers send is logged, so it has to look like an id."""
    assert len(correlate([(b"x-request-id", value.encode("latin-1"))]).request_id) == 32


def test_calls_to_others_carry_the_ids() -> None:
    """They find themselves in the same trace; outside of a request there is nothing to carry."""
    assert correlation.outgoing() == {}
    found = correlate([(b"traceparent", PARENT.encode()), (b"x-request-id", b"order-7")])
    token = correlation.current.set(found)
    try:
        headers = correlation.outgoing()
    finally:
        correlation.current.reset(token)
    assert headers["X-Request-ID"] == "order-7"
    assert correlate([(b"traceparent", headers["traceparent"].encode())]).trace_id == TRACE
    assert "b7ad6b7169203331" not in headers["traceparent"]
