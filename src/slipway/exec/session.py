"""A client of Session Manager's data channel: what is typed goes there, what is shown comes back.

The protocol's messages and books are those of `embedded_aws.ecs.exec`, which has the other side.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from embedded_aws.ecs.exec import messages
from embedded_aws.ecs.exec.channel import RESEND, Channel
from embedded_aws.ecs.exec.messages import Malformed, Message, Payload
from slipway.errors import SlipwayError, ToolError
from slipway.exec.terminal import END, Streams

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

VERSION = "1.2.0.0"
"""The version of AWS's own client that we speak like."""

ACTION = "SessionType"
"""What the agent asks of a client, and we can do; it may ask for encryption, too."""

SHAKE = 30.0
"""Seconds that the agent has to begin."""


class Lost(SlipwayError):
    """The session broke off."""


@dataclass
class Session:
    """One session as ExecuteCommand answers it. `ready` says whether input may be sent by now."""

    answer: Mapping[str, str]
    streams: Streams
    show: Callable[[bytes], None]
    ready: Callable[[], bool] = lambda: True
    code: int | None = None
    closed: bool = False
    words: str = ""
    """What the agent says at the end, where that isn't just the end of the command."""
    _channel: Channel = field(default_factory=lambda: Channel(messages.INPUT, time.time))
    _input: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def run(self) -> None:
        """From the handshake to the end of the command. Raises `Lost` where it breaks off."""
        with self.streams.raw():
            asyncio.run(self._run())

    async def _run(self) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, WebSocketException

        try:
            async with connect(
                self.answer["streamUrl"], max_size=None, ping_timeout=None
            ) as socket:
                await socket.send(json.dumps(self._opening()))
                await self._converse(socket)
        except ConnectionClosed as error:
            if not self.closed:
                raise Lost(f"the session broke off: {error}", next_step="try again") from error
        except (OSError, WebSocketException, TimeoutError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise Lost(
                f"no session: {error or 'the agent does not answer'}",
                next_step="try again; behind a proxy, wss to ssmmessages has to be let through",
            ) from error

    def _opening(self) -> Mapping[str, str]:
        return {
            "MessageSchemaVersion": "1.0",
            "RequestId": str(uuid4()),
            "TokenValue": self.answer["tokenValue"],
            "ClientId": str(uuid4()),
            "ClientVersion": VERSION,
        }

    async def _converse(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(SHAKE):
            await self._shake_hands(socket)
        helpers = [
            asyncio.create_task(self._send_again(socket)),
            asyncio.create_task(self._send_input(socket)),
        ]
        loop = asyncio.get_running_loop()
        self.streams.feed(lambda data: _put(loop, self._input, data))
        if self.streams.interactive:
            loop.add_signal_handler(signal.SIGWINCH, self._resized, socket, helpers)
            self._resized(socket, helpers)
        try:
            while not self.closed:
                await self._take(socket)
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _shake_hands(self, socket: ClientConnection) -> None:
        while True:
            for message in await self._next(socket):
                if message.payload_type == Payload.HANDSHAKE_REQUEST:
                    await self._send(socket, processed(message), Payload.HANDSHAKE_RESPONSE)
                elif message.payload_type == Payload.HANDSHAKE_COMPLETE or self._heard(message):
                    return

    async def _take(self, socket: ClientConnection) -> None:
        for message in await self._next(socket):
            self._heard(message)

    def _heard(self, message: Message) -> bool:
        """Do what a message says; whether it is the end."""
        if message.kind == messages.CLOSED:
            self.closed, self.words = True, str(message.json.get("Output", ""))
        elif message.payload_type in (Payload.DATA, Payload.STDERR, Payload.ERROR):
            self.show(message.payload)
        elif message.payload_type == Payload.EXIT_CODE:
            with suppress(ValueError):
                self.code = int(message.payload)
        return self.closed

    async def _next(self, socket: ClientConnection) -> list[Message]:
        """What the next frame brings in order; acknowledged."""
        raw = await socket.recv()
        if isinstance(raw, str):
            return []
        try:
            ready, receipts = self._channel.received(raw)
        except Malformed:
            return []  # It is not acknowledged, so it comes again.
        for receipt in receipts:
            await socket.send(receipt)
        return ready

    async def _send(self, socket: ClientConnection, payload: bytes, kind: Payload) -> None:
        while self._channel.full:
            await asyncio.sleep(RESEND)
        await socket.send(self._channel.sending(payload, kind, time.monotonic()))

    async def _send_again(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(RESEND)
            for raw in self._channel.overdue(time.monotonic()):
                await socket.send(raw)

    async def _send_input(self, socket: ClientConnection) -> None:
        while not self.ready():
            await asyncio.sleep(0.05)
        while True:
            data = await self._input.get()
            await self._send(socket, data, Payload.DATA)
            if data == END and not self.streams.interactive:
                return

    def _resized(self, socket: ClientConnection, helpers: list[asyncio.Task[None]]) -> None:
        columns, rows = self.streams.size
        size = messages.packed({"cols": columns, "rows": rows})
        helpers.append(asyncio.create_task(self._send(socket, size, Payload.SIZE)))


def processed(request: Message) -> bytes:
    """The answer to the agent's handshake. Raises `ToolError` where it asks for what we can't."""
    asked: Any = request.json.get("RequestedClientActions", [])
    for action in asked:
        if action["ActionType"] != ACTION:
            raise ToolError(
                f"this cluster's sessions need {action['ActionType']}, which only AWS's own client "
                "has",
                next_step="install session-manager-plugin, and leave out the command",
            )
    done = [{"ActionType": action["ActionType"], "ActionStatus": 1} for action in asked]
    answer = {"ClientVersion": VERSION, "ProcessedClientActions": done, "Errors": None}
    return messages.packed(answer)


def _put(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[bytes], data: bytes) -> None:
    # The session may be over by now.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(queue.put_nowait, data)
