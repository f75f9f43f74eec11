"""A request that a client sends again is done once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from embedded_aws.retries import KEPT, Once


class Lock:
    """A server of one conditional write: the first is a success, every further one is not."""

    def __init__(self, *, size: int = 2) -> None:
        self.done = 0
        self.size = size

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        self.done += 1
        status = 200 if self.done == 1 else 412
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * self.size})


def call(identity: bytes, method: str = "PUT") -> dict[str, Any]:
    headers = [(b"amz-sdk-invocation-id", identity)] if identity else []
    return {"type": "http", "method": method, "path": "/b/k.tflock", "headers": headers}


def statuses(once: Once, *scopes: dict[str, Any], together: bool = False) -> list[int]:
    """What each call is answered, one after the other or all at once."""

    async def one(scope: dict[str, Any]) -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {}

        await once(scope, receive, send)
        assert len(sent) == 2
        return int(sent[0]["status"])

    async def run() -> list[int]:
        if together:
            return list(await asyncio.gather(*map(one, scopes)))
        return [await one(scope) for scope in scopes]

    return asyncio.run(run())


def test_a_second_attempt_gets_the_first_ones_answer() -> None:
    """A lock that was taken is not found taken by its own second attempt."""
    lock = Lock()
    assert statuses(Once(lock), call(b"a"), call(b"a")) == [200, 200]
    assert lock.done == 1


def test_another_call_is_another_call() -> None:
    """Somebody else's attempt at the lock fails as it should."""
    assert statuses(Once(Lock()), call(b"a"), call(b"b")) == [200, 412]


def test_an_attempt_waits_for_the_one_under_way() -> None:
    """A client that lost patience does not make the server do it twice at once."""
    lock = Lock()
    assert statuses(Once(lock), call(b"a"), call(b"a"), together=True) == [200, 200]
    assert lock.done == 1


async def nothing() -> dict[str, Any]:
    return {}


async def lost(message: dict[str, Any]) -> None:
    """The way to a client that is gone."""
    raise ConnectionResetError


def test_an_attempt_whose_client_is_gone_is_ended_all_the_same() -> None:
    """What had changed something counts, although its connection was closed in the middle."""
    lock = Lock()
    once = Once(lock)

    async def give_up() -> None:
        first = asyncio.create_task(once(call(b"a"), nothing, lost))
        while not lock.done:
            await asyncio.sleep(0)
        first.cancel()

    async def run() -> list[dict[str, Any]]:
        await give_up()
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await once(call(b"a"), nothing, send)
        return sent

    start, body = asyncio.run(run())
    assert (start["status"], body["body"], lock.done) == (200, b"xx", 1)


def test_an_answer_that_could_not_be_sent_is_kept_whole() -> None:
    """A connection that breaks at the first byte leaves no half answer behind."""
    lock = Lock()
    once = Once(lock)

    async def broken() -> None:
        with suppress(ConnectionResetError):
            await once(call(b"a"), nothing, lost)

    asyncio.run(broken())
    assert statuses(once, call(b"a")) == [200]
    assert lock.done == 1


def test_a_server_that_raises_is_asked_again() -> None:
    """A fault is no answer."""

    class Faulty(Lock):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if not self.done:
                self.done = -1
                raise RuntimeError
            self.done = 0
            await super().__call__(scope, receive, send)

    once = Once(Faulty())
    with pytest.raises(RuntimeError):
        statuses(once, call(b"a"))
    assert statuses(once, call(b"a")) == [200]


def test_a_failure_is_tried_again() -> None:
    """Only a success is final; a retry after an error is meant to be done."""
    lock = Lock()
    lock.done = 1
    statuses(Once(lock), call(b"a"), call(b"a"))
    assert lock.done == 3


def test_reading_and_unnumbered_calls_pass() -> None:
    """What changes nothing, and clients that are no SDK, are not remembered."""
    for scope in (call(b"a", "GET"), call(b"")):
        assert statuses(Once(Lock()), scope, scope) == [200, 412]


def test_large_answers_are_not_kept() -> None:
    """Memory is for answers that matter."""
    assert statuses(Once(Lock(size=100_000)), call(b"a"), call(b"a")) == [200, 412]


def test_old_answers_are_forgotten() -> None:
    """The memory has an end, and failures have no place in it."""

    class Free(Lock):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            self.done = 0
            await super().__call__(scope, receive, send)

    once = Once(Lock())
    statuses(once, call(b"a"), call(b"b"))
    assert len(once._answers) == 1
    once = Once(Free())
    statuses(once, *(call(b"%d" % number) for number in range(KEPT + 50)))
    assert len(once._answers) == KEPT
