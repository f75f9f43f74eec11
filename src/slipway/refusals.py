"""What it means that AWS did not do as it was told; pure."""

from __future__ import annotations

from slipway.errors import Expired, Refused, SlipwayError

SIGN_IN = "sign in again (aws sso login), then the same command"

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset(
    {
        "AuthFailure",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""AWS doesn't take the credentials at all."""

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
"""They are good, and lack the permission for this call."""


def refused(doing: str, code: str, text: str) -> SlipwayError:
    """The error for AWS's `code` and `text`, beginning with what was being done."""
    if code in _EXPIRED:
        return Expired(f"{doing}: the credentials have expired", next_step=SIGN_IN)
    if code in _UNKNOWN:
        return Expired(
            f"{doing}: AWS refused: {text}",
            next_step="check AWS_PROFILE or sign in again, then try once more",
        )
    if code in _DENIED:
        return Refused(
            f"{doing}: AWS refused: {text}",
            next_step="check AWS_PROFILE or sign in again; else have the permission given to you",
        )
    return SlipwayError(f"{doing}: {text}")
