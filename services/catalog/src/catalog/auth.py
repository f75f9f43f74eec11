"""Who calls: bearer tokens (JWT), signed by a key of the set in JWT_KEYS."""

from __future__ import annotations

from typing import Annotated

import jwt
from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from pydantic import BaseModel

from catalog import keys, logs
from catalog.settings import Settings

LEEWAY_SECONDS = 10
"""How far clocks may be apart."""

log = logs.get(__name__)
bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")


class Caller(BaseModel):
    """Whom a token speaks for, and what it allows."""

    subject: str
    scopes: frozenset[str]


class Tokens:
    """One application's keys, and what a token has to say."""

    def __init__(self, settings: Settings) -> None:
        self._keys = keys.parse(settings.jwt_keys.get_secret_value())
        self._audience = settings.jwt_audience
        self._issuer = settings.jwt_issuer or None

    async def ping(self) -> None:
        """Raise where no token could be good."""
        if not self._keys:
            raise LookupError("JWT_KEYS holds no key")

    def read(self, token: str) -> Caller:
        """The caller of a good token; raises `jwt.PyJWTError` for all others.

        The algorithm is that of the key and never the token's choice.
        """
        key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if not key:
            raise jwt.InvalidKeyError("signed by no key that is known here")
        claims = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub"]},
        )
        return Caller(subject=claims["sub"], scopes=frozenset(str(claims.get("scope", "")).split()))


async def caller(
    request: Request,
    needed: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    """The caller, if it may do what the endpoint needs: 401 without a good token, else 403."""
    if not credentials:
        raise _refusal(401, "a bearer token is needed")
    try:
        found: Caller = request.app.state.tokens.read(credentials.credentials)
    except jwt.PyJWTError as error:
        log.info("token refused", reason=f"{type(error).__name__}: {error}")
        raise _refusal(401, "the token is not valid", 'error="invalid_token"') from None
    if missing := set(needed.scopes) - found.scopes:
        scope = " ".join(sorted(needed.scopes))
        detail = f"the token lacks {' '.join(sorted(missing))}"
        raise _refusal(403, detail, f'error="insufficient_scope", scope="{scope}"')
    return found


def _refusal(status: int, detail: str, more: str = "") -> HTTPException:
    return HTTPException(status, detail, {"WWW-Authenticate": f"Bearer {more}".strip()})
