"""Key sets, and making them by hand."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jwt
import pytest
from pydantic import ValidationError

from catalog import keys
from catalog.settings import Settings

LOCAL = Path(__file__).parents[1] / "local.env"


def key_set(*entries: dict[str, str]) -> str:
    return json.dumps({"keys": entries})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hunter2", "is no JSON Web Key Set"),
        ("{}", "is no JSON Web Key Set"),
        ('{"keys": 7}', "is no JSON Web Key Set"),
        (key_set({"kty": "oct", "k": "aHVudGVyMg", "kid": "a"}), "is no JSON Web Key Set"),
        (key_set({**keys.new(), "alg": "none"}), "alg must be one of"),
        (key_set({**keys.new(), "k": "aHVudGVyMg"}), "needs 32 bytes"),
        (key_set(*[{**keys.new(), "kid": "a"}] * 2), "two keys of the same kid"),
    ],
)
def test_refuses(monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    """At the start, with the reason and without the value."""
    monkeypatch.setenv("JWT_KEYS", text)
    with pytest.raises(ValidationError, match=reason) as caught:
        Settings()
    assert not re.search("hunter2|aHVudGVyMg", str([e["msg"] for e in caught.value.errors()]))


@pytest.mark.parametrize(
    ("environment", "good"), [("development", True), ("local", True), ("prod", False)]
)
def test_the_development_key_stays_here(
    monkeypatch: pytest.MonkeyPatch, environment: str, good: bool
) -> None:
    """It is in git, so everybody could sign with it."""
    monkeypatch.setenv("JWT_KEYS", key_set({**keys.new(), "kid": keys.DEVELOPMENT}))
    monkeypatch.setenv("ENVIRONMENT", environment)
    if good:
        Settings()
    else:
        with pytest.raises(ValidationError, match="is in git, and no secret"):
            Settings()


def test_a_rehearsal_takes_the_development_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has prod's name, and no secret of prod's: its AWS is not Amazon's."""
    monkeypatch.setenv("JWT_KEYS", key_set({**keys.new(), "kid": keys.DEVELOPMENT}))
    monkeypatch.setenv("ENVIRONMENT", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://198.19.0.1:4566")
    Settings()


@pytest.mark.skipif(not LOCAL.exists(), reason="an image has no local.env")
def test_local_env_has_that_key_alone() -> None:
    """Another one would not be refused elsewhere."""
    (value,) = re.findall("^JWT_KEYS='(.*)'$", LOCAL.read_text(), re.MULTILINE)
    assert list(keys.parse(value)) == [keys.DEVELOPMENT]


def by_hand(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["keys", *words])
    keys.main()


def test_a_rotation(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A new set, then one that has the old key and a new one; tokens are signed by the new one."""
    by_hand(monkeypatch, "new")
    old = capsys.readouterr().out.strip()
    monkeypatch.setenv("JWT_KEYS", old)
    by_hand(monkeypatch, "add")
    both = capsys.readouterr().out.strip()
    first, second = keys.parse(both)
    assert [first] == list(keys.parse(old))
    monkeypatch.setenv("JWT_KEYS", both)
    by_hand(monkeypatch, "token", "--scope=a b")
    token = capsys.readouterr().out.strip()
    assert jwt.get_unverified_header(token)["kid"] == second


@pytest.mark.parametrize(("present", "word"), [("", "token"), ("", "add"), ("hunter2", "token")])
def test_without_keys_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], present: str, word: str
) -> None:
    """A usage error, and not the value."""
    monkeypatch.setenv("JWT_KEYS", present)
    with pytest.raises(SystemExit) as ended:
        by_hand(monkeypatch, word)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "JWT_KEYS" in said
    assert "hunter2" not in said
