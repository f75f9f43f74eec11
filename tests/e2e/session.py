"""A client of Session Manager's data channel, as far as a test needs one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from embedded_aws.ecs.exec import messages
from embedded_aws.ecs.exec.channel import Channel
from embedded_aws.ecs.exec.messages import Message, Payload


class Client:
    """A session as ExecuteCommand answers it, opened."""

    def __init__(self, session: Mapping[str, str], token: str = "") -> None:
        self._connection = connect(session["streamUrl"])
        self._channel = Channel(messages.INPUT, time.time)
        self.screen = ""
        self.closed = ""
        """The id of the session, once the other side has closed it."""
        self._opening = {
            "MessageSchemaVersion": "1.0",
            "RequestId": str(uuid4()),
            "TokenValue": token or session["tokenValue"],
            "ClientId": str(uuid4()),
            "ClientVersion": "1.2.0.0",
        }

    def __enter__(self) -> Client:
        self._socket = self._connection.__enter__()
        self._socket.send(json.dumps(self._opening))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.__exit__(kind, error, trace)

    def shake_hands(self) -> Any:
        """Answer the agent's questions; what it asked."""
        (request,) = self.next()
        assert request.payload_type == Payload.HANDSHAKE_REQUEST
        asked = request.json
        done = [
            {"ActionType": action["ActionType"], "ActionStatus": 1}
            for action in asked["RequestedClientActions"]
        ]
        answer = {"ClientVersion": "1.2.0.0", "ProcessedClientActions": done, "Errors": None}
        self.send(messages.packed(answer), Payload.HANDSHAKE_RESPONSE)
        while not any(m.payload_type == Payload.HANDSHAKE_COMPLETE for m in self.next()):
            pass
        return asked

    def send(self, payload: bytes, kind: Payload = Payload.DATA) -> None:
        self._socket.send(self._channel.sending(payload, kind, time.monotonic()))

    def size(self, columns: int, rows: int) -> None:
        self.send(messages.packed({"cols": columns, "rows": rows}), Payload.SIZE)

    def next(self, timeout: float = 30) -> list[Message]:
        """What the next frame brings in order; acknowledged."""
        raw = self._socket.recv(timeout)
        assert isinstance(raw, bytes)
        ready, receipts = self._channel.received(raw)
        for receipt in receipts:
            self._socket.send(receipt)
        for message in ready:
            if message.kind == messages.CLOSED:
                self.closed = message.json["SessionId"]
            elif message.payload_type == Payload.DATA:
                self.screen += message.payload.decode()
        return ready

    def until(self, text: str) -> None:
        """Read until the screen shows a text."""
        while text not in self.screen:
            self.next()

    def to_the_end(self) -> str:
        """All that the screen shows until the session is closed."""
        try:
            while True:
                self.next()
        except ConnectionClosed:
            return self.screen

    @property
    def waiting(self) -> int:
        """Messages of ours that were not acknowledged yet."""
        return len(self._channel.under_way)
