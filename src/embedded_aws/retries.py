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
        self._answers: OrderedDict[bytes, asyncio.Future[list[Message] | None]] = OrderedDict()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        call = invocation(scope)
        if not call:
            await self._inner(scope, receive, send)
            return
        earlier = self._answers.get(call)
        answer = await asyncio.shield(earlier) if earlier else None
        if answer is None:
            await self._first(call, scope, receive, send)
            return
        log.info("answered again: %s %s", scope["method"], scope["path"])
        for message in answer:
            await send(message)

    async def _first(self, call: bytes, scope: Any, receive: Receive, send: Send) -> None:
        """Do the call, and remember its answer if it was a success."""
        future: asyncio.Future[list[Message] | None] = asyncio.get_running_loop().create_future()
        self._answers[call] = future
        while len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        messages: list[Message] = []

        async def keep_and_send(message: Message) -> None:
            messages.append(message)
            await send(message)

        try:
            await self._inner(scope, receive, keep_and_send)
        finally:
            future.set_result(messages if succeeded(messages) else None)


def invocation(scope: Any) -> bytes:
    """The id of the SDK's call that changes something; empty for everything else."""
    if scope["type"] != "http" or scope["method"] in READING:
        return b""
    return next((value for name, value in scope["headers"] if name == INVOCATION), b"")


def succeeded(messages: list[Message]) -> bool:
    """Whether these are a whole answer of a success that is small enough to keep."""
    if not messages or messages[0].get("status", 500) >= 300:
        return False
    size = sum(len(message.get("body", b"")) for message in messages)
    return size <= LARGEST and not messages[-1].get("more_body", False)
