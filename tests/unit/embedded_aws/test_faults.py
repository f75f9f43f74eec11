"""Faults on demand: what can be asked for, and what clients are answered then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from embedded_aws.faults import BadFault, Faults, Wanted, read, refuse, too_many

SIGNED = {"authorization": b"AWS4-HMAC-SHA256 Credential=test/20261120/us-west-1/ecs/aws4_request"}


def test_faults_are_read_and_none_is_the_default() -> None:
    """An empty request ends all faults."""
    assert read(b"{}") == read(b"") == Wanted()
    assert read(b'{"throttle": 0.3}') == Wanted(throttle=0.3)
    assert read(b'{"secrets": "gone"}') == Wanted(secrets="gone")


@pytest.mark.parametrize(
    "body",
    [b"[", b"[]", b'{"throttle": 1}', b'{"throttle": "x"}', b'{"secrets": "lost"}', b'{"x": 1}'],
)
def test_what_is_no_fault_is_refused(body: bytes) -> None:
    """A share of 1 would end every client; unknown words change nothing."""
    with pytest.raises(BadFault):
        read(body)


def test_only_calls_of_the_api_are_throttled() -> None:
    """Health checks, pushes of images and the control itself carry no signature."""
    faults = Faults(lambda there: None)
    faults.want(Wanted(throttle=0.999999999))
    assert faults.throttles(SIGNED)
    assert not faults.throttles({})
    assert not faults.throttles({"authorization": b"Basic QVdT"})
    faults.want(Wanted())
    assert not faults.throttles(SIGNED)


def test_databases_are_told_once_when_they_go_and_when_they_come() -> None:
    """Whatever else is asked for meanwhile."""
    told: list[bool] = []
    faults = Faults(told.append)
    for wanted in (
        Wanted(databases="gone"), Wanted(databases="gone", throttle=0.1), Wanted(), Wanted()
    ):  # fmt: skip
        faults.want(wanted)
    assert told == [False, True]


def test_secrets_are_gone_only_when_asked() -> None:
    """In Secrets Manager's words."""
    faults = Faults(lambda there: None)
    assert faults.secret_problem() == ""
    faults.want(Wanted(secrets="gone"))
    assert faults.secret_problem().startswith("ResourceNotFoundException")


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"x-amz-target": b"X.ListTasks"}, 400, b"ThrottlingException"),
        ({"content-type": b"application/x-www-form-urlencoded; charset=utf-8"}, 400, b"Throttling"),
        ({"authorization": b"AWS4-HMAC x/us-west-1/s3/aws4_request"}, 503, b"SlowDown"),
        ({"smithy-protocol": b"rpc-v2-cbor"}, 503, b"\xa0"),
        ({}, 429, b"TooManyRequestsException"),
    ],
)
def test_each_protocol_has_its_own_words(
    headers: Mapping[str, bytes], status: int, words: bytes
) -> None:
    """So that every client knows that it may try again."""
    found, _, body = too_many(headers)
    assert (found, words in body) == (status, True)


def call(coroutine: Any, body: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run an ASGI answer on a request whose body comes in two parts."""
    waiting = [
        {"type": "http.request", "body": body[:3], "more_body": True},
        {"type": "http.request", "body": body[3:], "more_body": False},
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(coroutine(receive, send))
    return sent, waiting


def test_the_control_answers_what_there_is_now() -> None:
    """200 with the faults; 400 with the reason, and nothing changed; GET is none."""
    faults = Faults(lambda there: None)
    post = {"method": "POST"}
    sent, _ = call(lambda r, s: faults.answer(post, r, s), b'{"throttle": 0.5}')
    assert (sent[0]["status"], json.loads(sent[1]["body"])["throttle"]) == (200, 0.5)
    sent, _ = call(lambda r, s: faults.answer(post, r, s), b'{"throttle": 5}')
    assert (sent[0]["status"], faults.wanted.throttle) == (400, 0.5)
    sent, _ = call(lambda r, s: faults.answer({"method": "GET"}, r, s), b"")
    assert (sent[0]["status"], faults.wanted.throttle) == (405, 0.5)


def test_a_refused_request_is_read_to_its_end() -> None:
    """Or the rest of it would be taken for the next one on that connection."""
    sent, waiting = call(lambda r, s: refuse({}, r, s), b"a long body")
    assert (sent[0]["status"], waiting) == (429, [])
