"""A request that a client sends again is done once.

AWS's SDKs number the attempts of a call (`amz-sdk-request: attempt=2`) and give all of them one id
(`amz-sdk-invocation-id`). Where an answer got lost on the way, the second attempt of a conditional
write would find its own first one, and fail: Terraform then believes its state locked by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

log = logging.getLogger("embedded.retries")

KEPT = 1000
"""Answers that are remembered; a client tries again within seconds."""

LARGEST = 65536
"""Bytes of an answer that is worth remembering; locks and records are far smaller."""

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

READING = frozenset({"GET", "HEAD"})
INVOCATION = b"amz-sdk-invocation-id"


class Once:
    """Answers the further attempts of a call with what the first one was answered."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._answers: OrderedDict[bytes, asyncio.Task[list[Message]]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        call = invocation(scope)
        if not call:
            await self._inner(scope, receive, send)
            return
        earlier = self._answers.get(call)
        if earlier and not earlier.done():
            await asyncio.wait([earlier])
        if earlier and succeeded(earlier):
            log.info("answered again: %s %s", scope["method"], scope["path"])
        else:
            earlier = self._begin(call, scope, receive)
        for message in await asyncio.shield(earlier):
            await send(message)

    def _begin(self, call: bytes, scope: Any, receive: Receive) -> asyncio.Task[list[Message]]:
        """Do the call, to its end, also where its connection is closed meanwhile."""
        task = asyncio.create_task(answer(self._inner, scope, receive))
        self._answers[call] = task
        while len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        task.add_done_callback(lambda done: self._forget_failure(call, done))
        return task

    def _forget_failure(self, call: bytes, done: asyncio.Task[list[Message]]) -> None:
        if self._answers.get(call) is done and not succeeded(done):
            del self._answers[call]


async def answer(inner: Application, scope: Any, receive: Receive) -> list[Message]:
    """All that `inner` says to a call."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await inner(scope, receive, keep)
    return messages


def invocation(scope: Any) -> bytes:
    """The id of the SDK's call that changes something; empty for everything else."""
    if scope["type"] != "http" or scope["method"] in READING:
        return b""
    return next((value for name, value in scope["headers"] if name == INVOCATION), b"")


def succeeded(done: asyncio.Task[list[Message]]) -> bool:
    """Whether a call ended as a success whose answer is small enough to keep."""
    if done.cancelled() or done.exception():
        return False
    messages = done.result()
    if not messages or messages[0].get("status", 500) >= 300:
        return False
    return sum(len(message.get("body", b"")) for message in messages) <= LARGEST
