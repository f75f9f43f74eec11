"""One side of a data channel: order, acknowledgements, what has to be sent again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from embedded_aws.ecs.exec import messages
from embedded_aws.ecs.exec.messages import Message

RESEND = 0.25
"""Seconds without an acknowledgement after which a message is sent again."""

WINDOW = 500
"""Messages that may be on their way; the receiver keeps as many that came too early."""


@dataclass
class Sent:
    """A message on its way; `at` is when it was sent last (monotonic, s)."""

    raw: bytes
    at: float


@dataclass
class Channel:
    """The books of one side: `kind` is the type of the messages that it sends.

    Nothing here sends: what is returned is what has to be sent.
    """

    kind: str
    clock: Callable[[], float]
    """Seconds since the epoch."""
    new_id: Callable[[], UUID] = uuid4
    expected: int = 0
    """Number of the message that comes next."""
    following: int = 0
    """Number of the message that is sent next."""
    under_way: dict[int, Sent] = field(default_factory=dict)
    early: dict[int, Message] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Whether to wait for acknowledgements before more is sent."""
        return len(self.under_way) >= WINDOW

    def sending(self, payload: bytes, payload_type: int, now: float) -> bytes:
        """The next message of the stream."""
        raw = messages.encode(
            Message(
                kind=self.kind,
                id=self.new_id(),
                created=self._created(),
                payload=payload,
                payload_type=payload_type,
                sequence=self.following,
                flags=messages.SYN if self.following == 0 else 0,
            )
        )
        self.under_way[self.following] = Sent(raw, now)
        self.following += 1
        return raw

    def received(self, raw: bytes) -> tuple[list[Message], list[bytes]]:
        """Messages of the other side's stream that are in order now, and what to send for them.

        `messages.Malformed` where the bytes are no message.
        """
        message = messages.decode(raw)
        if message.kind == messages.ACKNOWLEDGE:
            self._acknowledged(message)
            return [], []
        if message.kind == messages.CLOSED:
            return [message], []
        if message.kind not in (messages.INPUT, messages.OUTPUT):
            return [], []
        if message.sequence - self.expected > WINDOW:
            return [], []
        self.early.setdefault(message.sequence, message)
        receipt = messages.acknowledgement(message, self.new_id(), self._created())
        return self._in_order(), [messages.encode(receipt)]

    def overdue(self, now: float) -> list[bytes]:
        """What has to be sent again: the oldest message, if nobody has acknowledged it in time."""
        oldest = self.under_way[min(self.under_way)] if self.under_way else None
        if oldest is None or now - oldest.at < RESEND:
            return []
        oldest.at = now
        return [oldest.raw]

    def closing(self, session: str, output: str = "") -> bytes:
        """The message that ends the session."""
        return messages.encode(messages.closing(session, output, self.new_id(), self._created()))

    def _acknowledged(self, message: Message) -> None:
        content = message.json
        if not isinstance(content, dict):
            return
        number = content.get("AcknowledgedMessageSequenceNumber", -1)
        if content.get("AcknowledgedMessageType") == self.kind:
            self.under_way.pop(number, None)

    def _in_order(self) -> list[Message]:
        ready = []
        while self.expected in self.early:
            ready.append(self.early.pop(self.expected))
            self.expected += 1
        for number in [number for number in self.early if number < self.expected]:
            del self.early[number]
        return ready

    def _created(self) -> int:
        return int(self.clock() * 1000)
