"""Answers that get lost: requests that AWS may have done, or not.

botocore repeats what was not answered, and mostly that is right. A request that begins a rollout it
would begin twice, or over the head of whoever came between. Such a request is sent once, and AWS is
asked what has become of it; one that AWS says it has not done is repeated like any other.
"""

from __future__ import annotations

from typing import Any, TypeVar

Client = TypeVar("Client")

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes of requests that AWS has not done, whatever their status."""


def ask_once(client: Client, *operations: str) -> Client:
    """Keep botocore from repeating these operations of `client` where they may have been done."""
    meta: Any = client.meta  # type: ignore[attr-defined]
    service = meta.service_model.service_id.hyphenize()
    for operation in operations:
        # The more specific handler is heard first, and False is an answer.
        meta.events.register(f"needs-retry.{service}.{operation}", _repeat)
    return client


def unanswered(error: BaseException) -> bool:
    """Whether AWS may have done the request that ended with `error`."""
    from botocore.exceptions import HTTPClientError
    from botocore.parsers import ResponseParserError

    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 and answer.get("Error", {}).get("Code") not in THROTTLED
    # What never got a connection is of other classes.
    return isinstance(error, HTTPClientError | ResponseParserError)


def _repeat(response: Any, caught_exception: BaseException | None, **_: Any) -> bool | None:
    """False: not again. None: as botocore thinks."""
    if caught_exception:
        return False if unanswered(caught_exception) else None
    status, parsed = response[0].status_code, response[1]
    if status < 500 or parsed.get("Error", {}).get("Code") in THROTTLED:
        return None
    return False
