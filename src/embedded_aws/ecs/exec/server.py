"""The end of a data channel where the shell is, on a WebSocket of the instance's own port."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import time
from collections.abc import Callable
from typing import Any

from embedded_aws.ecs.exec import messages
from embedded_aws.ecs.exec.channel import Channel
from embedded_aws.ecs.exec.messages import Malformed, Message, Payload
from embedded_aws.ecs.exec.sessions import PATH, Session, Sessions
from embedded_aws.ecs.exec.terminal import Terminal

log = logging.getLogger("embedded.exec")

AGENT = "3.2.0.0"
"""The version of AWS's agent that we answer like."""

SHAKE = 30.0
"""Seconds that a client has to introduce itself."""

LAST_WORDS = 10.0
"""Seconds that a client has to take the last output before the session is closed."""

POLICY = 1008
"""WebSocket's code for those who may not."""


class Gone(Exception):
    """The client has hung up."""


class DataChannels:
    """An ASGI application: WebSockets under `PATH`, and the inner one for all else.

    `engine` gives a client of the engine.
    """

    def __init__(self, sessions: Sessions, engine: Callable[[], Any], inner: Any) -> None:
        self._sessions = sessions
        self._engine = engine
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and scope["path"].startswith(PATH):
            await self._serve(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        session = await self._opened(scope["path"].removeprefix(PATH), receive)
        if session is None:
            await send({"type": "websocket.close", "code": POLICY})
            return
        log.info("session %s: %s", session.id, session.command)
        terminal = Terminal(self._engine(), session.container)
        try:
            await Agent(session, terminal, receive, send).serve()
        except (Gone, Malformed, TimeoutError) as problem:
            log.info("session %s ends: %s", session.id, problem or type(problem).__name__)

    async def _opened(self, identifier: str, receive: Any) -> Session | None:
        """The session whose token comes first."""
        try:
            async with asyncio.timeout(SHAKE):
                first = await receive()
            token = json.loads(first.get("text") or "{}").get("TokenValue")
        except (ValueError, AttributeError, TimeoutError):
            return None
        return self._sessions.open(identifier, str(token))


class Agent:
    """What AWS's agent does in a container, for one session."""

    def __init__(self, session: Session, terminal: Terminal, receive: Any, send: Any) -> None:
        self._session = session
        self._terminal = terminal
        self._receive = receive
        self._send = send
        self._channel = Channel(messages.OUTPUT, time.time)

    async def serve(self) -> None:
        """From the handshake to the end of the command, or of the client's patience."""
        again = asyncio.create_task(self._send_again())
        try:
            async with asyncio.timeout(SHAKE):
                await self._shake_hands()
            problem = await self._terminal.start(self._session.command)
            if problem:
                await self._close(f"Unable to start command: {problem}")
            else:
                await self._converse()
        finally:
            again.cancel()

    async def _shake_hands(self) -> None:
        kind = {"SessionType": "InteractiveCommands", "Properties": {}}
        asked = {"ActionType": "SessionType", "ActionParameters": kind}
        request = {"AgentVersion": AGENT, "RequestedClientActions": [asked]}
        await self._say(messages.packed(request), Payload.HANDSHAKE_REQUEST)
        answered = False
        while not answered:
            for message in await self._next():
                answered = answered or message.payload_type == Payload.HANDSHAKE_RESPONSE
        complete = {"HandshakeTimeToComplete": 0, "CustomerMessage": ""}
        await self._say(messages.packed(complete), Payload.HANDSHAKE_COMPLETE)

    async def _converse(self) -> None:
        """Output to the client and input to the command, until one of them ends."""
        listening = asyncio.create_task(self._listen())
        talking = asyncio.create_task(self._talk())
        try:
            await asyncio.wait({listening, talking}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                await self._acknowledged(listening)
            await self._close()
        finally:
            for task in (listening, talking):
                task.cancel()
            await asyncio.gather(listening, talking, return_exceptions=True)
            await self._terminal.end()

    async def _talk(self) -> None:
        while data := await self._terminal.read():
            while self._channel.full:
                await asyncio.sleep(0.01)
            await self._say(data, Payload.DATA)

    async def _listen(self) -> None:
        """Take what the client sends; comes back when it ends the session."""
        while True:
            for message in await self._next():
                if message.payload_type == Payload.FLAG and message.payload == messages.TERMINATE:
                    return
                await self._take(message)

    async def _take(self, message: Message) -> None:
        if message.payload_type == Payload.DATA:
            await self._terminal.write(message.payload)
        elif message.payload_type == Payload.SIZE:
            columns, rows = size(message)
            await self._terminal.resize(columns, rows)

    async def _acknowledged(self, listening: asyncio.Task[None]) -> None:
        """Wait until the client has all of the output."""
        ends = time.monotonic() + LAST_WORDS
        while self._channel.under_way and not listening.done() and time.monotonic() < ends:
            await asyncio.sleep(0.01)

    async def _close(self, output: str = "") -> None:
        await self._transmit(self._channel.closing(self._session.id, output))
        await self._send({"type": "websocket.close", "code": 1000})

    async def _next(self) -> list[Message]:
        """What the next frame brings; `Gone` where there is none any more."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise Gone
        ready, receipts = self._channel.received(event.get("bytes") or b"")
        for receipt in receipts:
            await self._transmit(receipt)
        return ready

    async def _say(self, payload: bytes, kind: Payload) -> None:
        await self._transmit(self._channel.sending(payload, kind, time.monotonic()))

    async def _send_again(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            for raw in self._channel.overdue(time.monotonic()):
                await self._transmit(raw)

    async def _transmit(self, raw: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": raw})


def size(message: Message) -> tuple[int, int]:
    """Columns and rows that the client's terminal has."""
    try:
        content = message.json
        columns, rows = int(content["cols"]), int(content["rows"])
        struct.pack(">HH", columns, rows)
    except (KeyError, TypeError, ValueError, struct.error) as error:
        raise Malformed(f"this is no size: {error}") from error
    return columns, rows
