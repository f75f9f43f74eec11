"""Who may call."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fastapi import Security
from fastapi.testclient import TestClient

from catalog import auth, keys
from catalog.app import create_app
from catalog.settings import Settings

OLD, NEW, STRANGER = keys.new(), keys.new(), keys.new()
CLAIMS = {"sub": "ada", "aud": "catalog"}


def settings(*entries: dict[str, Any], **more: str) -> Settings:
    return Settings.model_validate({"jwt_keys": json.dumps({"keys": entries}), **more})


def client(given: Settings) -> TestClient:
    """An application with an endpoint that needs a scope."""
    app = create_app(given)

    @app.get("/secret")
    async def secret(caller: auth.Caller = Security(auth.caller, scopes=["a"])) -> str:  # noqa: B008
        return caller.subject

    return TestClient(app)


def signed(entry: dict[str, Any], minutes: float = 5, **claims: str) -> dict[str, str]:
    """The header of a caller."""
    token = keys.sign(jwt.PyJWK.from_dict(entry), {**CLAIMS, **claims}, minutes)
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("entry", [OLD, NEW])
def test_both_keys_are_good_while_one_takes_over(entry: dict[str, str]) -> None:
    """So that nobody is locked out by a rotation."""
    answer = client(settings(OLD, NEW)).get("/v1/hello/Ada", headers=signed(entry))
    assert answer.json() == {"message": "Hello, Ada!"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer nonsense"},
        signed(STRANGER),
        signed({**STRANGER, "kid": OLD["kid"]}),
        signed(OLD, minutes=-5),
        signed(OLD, aud="another"),
        signed(OLD, iss="another"),
    ],
)
def test_refuses(headers: dict[str, str]) -> None:
    """401 as a problem, with what would be needed and not why it failed."""
    answer = client(settings(OLD, jwt_issuer="us")).get("/v1/hello/Ada", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_issuer_is_held_against_the_settings() -> None:
    """The right one is let in."""
    there = client(settings(OLD, jwt_issuer="us"))
    assert there.get("/v1/hello/Ada", headers=signed(OLD, iss="us")).status_code == 200


def test_a_token_does_not_choose_its_algorithm() -> None:
    """Neither none nor another one of the same key."""
    value = jwt.PyJWK.from_dict(OLD).key
    there = client(settings(OLD))
    for algorithm in ("none", "HS512"):
        key: Any = None if algorithm == "none" else value * 2
        token = jwt.encode({**CLAIMS, "exp": 2**33}, key, algorithm, headers={"kid": OLD["kid"]})
        answer = there.get("/v1/hello/Ada", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_public_keys_are_enough(algorithm: str) -> None:
    """Whoever signs need not share its key with this service."""
    private: Any
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    kind = jwt.get_algorithm_by_name(algorithm)
    entry = json.loads(kind.to_jwk(private.public_key())) | {"kid": "theirs", "alg": algorithm}
    token = jwt.encode({**CLAIMS, "exp": 2**33}, private, algorithm, headers={"kid": "theirs"})
    answer = client(settings(entry)).get(
        "/v1/hello/Ada", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(("scope", "status"), [("b a", 200), ("b", 403), ("", 403)])
def test_scopes(scope: str, status: int) -> None:
    """403 says which one would be needed."""
    answer = client(settings(OLD)).get("/secret", headers=signed(OLD, scope=scope))
    assert answer.status_code == status
    if status == 403:
        assert 'error="insufficient_scope", scope="a"' in answer.headers["WWW-Authenticate"]


def test_without_keys_nobody_gets_in() -> None:
    """The service starts and is alive, but not ready."""
    there = client(settings())
    assert there.get("/v1/hello/Ada", headers=signed(OLD)).status_code == 401
    assert there.get("/health").status_code == 200
    assert there.get("/ready").json()["checks"]["keys"] == "LookupError"
