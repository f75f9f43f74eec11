"""Key sets of tokens; by hand: `python -m catalog.keys new|add|token`."""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import time
from typing import Any

import jwt

SERVICE = "catalog"
DEVELOPMENT = "development"
"""The id of the key in local.env, which everybody knows."""
ALGORITHMS = frozenset(
    {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    | {"ES256", "ES384", "ES512", "EdDSA"}
)
SHORTEST = 32
"""Bytes of a shared key."""


def parse(text: str) -> dict[str, jwt.PyJWK]:
    """The keys of a set by their ids; raises `ValueError` without telling anything of a key."""
    if not text:
        return {}
    try:
        entries = json.loads(text)["keys"]
        found = {str(entry["kid"]): _key(entry) for entry in entries}
    except (LookupError, TypeError, ValueError, jwt.PyJWTError) as error:
        reason = error.args[0] if type(error) is ValueError else "see RFC 7517"
        raise ValueError(f"is no JSON Web Key Set with kid and alg in each key: {reason}") from None
    if len(found) != len(entries):
        raise ValueError("has two keys of the same kid")
    return found


def _key(entry: dict[str, Any]) -> jwt.PyJWK:
    if entry["alg"] not in ALGORITHMS:
        raise ValueError("alg must be one of " + ", ".join(sorted(ALGORITHMS)))
    key = jwt.PyJWK.from_dict(entry)
    if entry["kty"] == "oct" and len(key.key) < SHORTEST:
        raise ValueError(f"a shared key needs {SHORTEST} bytes")
    return key


def new() -> dict[str, str]:
    """A shared key that nobody else has."""
    value = base64.urlsafe_b64encode(secrets.token_bytes(SHORTEST)).rstrip(b"=").decode()
    return {"kty": "oct", "kid": secrets.token_hex(4), "alg": "HS256", "k": value}


def sign(key: jwt.PyJWK, claims: dict[str, Any], minutes: float = 60) -> str:
    """A token of these claims for so long."""
    now = int(time.time())
    payload = {"iat": now, "exp": int(now + minutes * 60), **claims}
    return jwt.encode(payload, key.key, key.algorithm_name, headers={"kid": key.key_id})


def main() -> None:
    """Print a key set or a token."""
    parser = argparse.ArgumentParser(prog="python -m catalog.keys")
    kinds = parser.add_subparsers(required=True, dest="what")
    kinds.add_parser("new", help="a key set with one new key")
    kinds.add_parser("add", help="the key set in JWT_KEYS with one more key")
    token = kinds.add_parser("token", help="a token, signed by the last key in JWT_KEYS")
    token.add_argument("--subject", default="me")
    token.add_argument("--scope", default="", help="scopes, separated by spaces")
    token.add_argument("--audience", default=os.environ.get("JWT_AUDIENCE", SERVICE))
    token.add_argument("--issuer", default=os.environ.get("JWT_ISSUER", ""))
    token.add_argument("--minutes", type=float, default=60)
    given = parser.parse_args()
    present = os.environ.get("JWT_KEYS", "")
    try:
        known = parse(present)
    except ValueError as error:
        parser.error(f"JWT_KEYS {error}")
    if given.what == "new":
        print(json.dumps({"keys": [new()]}))
    elif not known:
        parser.error("JWT_KEYS holds no key: uv run --env-file local.env python -m ...")
    elif given.what == "add":
        print(json.dumps({"keys": [*json.loads(present)["keys"], new()]}))
    else:
        claims = {"sub": given.subject, "aud": given.audience, "scope": given.scope}
        issuer = {"iss": given.issuer} if given.issuer else {}
        print(sign(list(known.values())[-1], claims | issuer, given.minutes))


if __name__ == "__main__":
    main()
