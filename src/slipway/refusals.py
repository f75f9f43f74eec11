"""What it means that AWS did not do as it was told; pure."""

from __future__ import annotations

from slipway.errors import AccessError, SlipwayError

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


def refused(doing: str, code: str, text: str) -> SlipwayError:
    """The error for AWS's `code` and `text`, beginning with what was being done."""
    if code in _EXPIRED:
        return AccessError(
            f"{doing}: the credentials have expired",
            next_step="sign in again (aws sso login), then the same command",
        )
    if code in _DENIED:
        return AccessError(
            f"{doing}: AWS refused: {text}",
            next_step="check AWS_PROFILE or sign in again, then try once more",
        )
    return SlipwayError(f"{doing}: {text}")
