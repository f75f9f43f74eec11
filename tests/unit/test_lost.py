"""Which requests AWS may have done although it did not say so."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from slipway.lost import unanswered

URL = "http://aws.test"


def refused(status: int, code: str) -> ClientError:
    answer: object = {
        "Error": {"Code": code, "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "UpdateService")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        ResponseParserError("a proxy's page"),
        refused(500, "InternalServerError"),
        refused(502, "502"),
        refused(503, "ServiceUnavailable"),
    ],
    ids=str,
)
def test_it_may_have_been_done(error: Exception) -> None:
    """The request was sent, and no answer tells what became of it."""
    assert unanswered(error)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        NoCredentialsError(),
        refused(400, "ThrottlingException"),
        refused(503, "ThrottlingException"),
        refused(400, "ServiceNotActiveException"),
        refused(403, "AccessDeniedException"),
        ValueError("no error of AWS's"),
    ],
    ids=str,
)
def test_it_was_not_done(error: Exception) -> None:
    """It never got there, or AWS said no."""
    assert not unanswered(error)
