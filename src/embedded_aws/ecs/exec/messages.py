"""Messages of Session Manager's data channel as bytes. Pure.

The layout is that of Amazon's own session-manager-plugin: a header of 116 bytes (all numbers
big-endian), the length of the payload, the payload.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

INPUT, OUTPUT = "input_stream_data", "output_stream_data"
ACKNOWLEDGE, CLOSED = "acknowledge", "channel_closed"

SCHEMA = 1
SYN, FIN = 1, 2
"""Flags: the first and the last message of a stream."""

HEADER = struct.Struct(">I32sIQqQ16s32sI")
"""Length of the header, type, schema, time in ms, sequence, flags, id, digest, payload's type."""

LENGTH = struct.Struct(">I")


class Payload(IntEnum):
    """What the payload of a stream's message is."""

    NOTHING = 0
    DATA = 1
    ERROR = 2
    SIZE = 3
    PARAMETER = 4
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    FLAG = 10
    STDERR = 11
    EXIT_CODE = 12


TERMINATE = b"\0\0\0\x02"
"""Payload of a `FLAG` by which the client ends the session."""


class Malformed(ValueError):
    """These bytes are no message."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `created` is in milliseconds since the epoch."""

    kind: str
    id: UUID
    created: int
    payload: bytes = b""
    payload_type: int = Payload.NOTHING
    sequence: int = 0
    flags: int = 0

    @property
    def json(self) -> Any:
        """What the payload says, where it is JSON; `Malformed` where it isn't."""
        try:
            return json.loads(self.payload)
        except ValueError as error:
            raise Malformed(f"the payload is no JSON: {error}") from error


def encode(message: Message) -> bytes:
    header = HEADER.pack(
        HEADER.size,
        message.kind.encode().ljust(32),
        SCHEMA,
        message.created,
        message.sequence,
        message.flags,
        _swapped(message.id.bytes),
        hashlib.sha256(message.payload).digest(),
        message.payload_type,
    )
    return header + LENGTH.pack(len(message.payload)) + message.payload


def decode(raw: bytes) -> Message:
    """The message that these bytes are; `Malformed` if they are none, or were damaged."""
    if len(raw) < HEADER.size + LENGTH.size:
        raise Malformed(f"{len(raw)} bytes are too few")
    size, kind, _, created, sequence, flags, identity, digest, payload_type = HEADER.unpack_from(
        raw
    )
    if not HEADER.size <= size <= len(raw) - LENGTH.size:
        raise Malformed(f"its header can't have {size} bytes")
    (length,) = LENGTH.unpack_from(raw, size)
    payload = raw[size + LENGTH.size :]
    if len(payload) != length:
        raise Malformed(f"its payload has {len(payload)} bytes and not {length}")
    if payload and hashlib.sha256(payload).digest() != digest:
        raise Malformed("its payload is damaged")
    return Message(
        kind=kind.strip(b" \0").decode("ascii", "replace"),
        id=UUID(bytes=_swapped(identity)),
        created=created,
        payload=payload,
        payload_type=payload_type,
        sequence=sequence,
        flags=flags,
    )


def _swapped(identity: bytes) -> bytes:
    """The protocol has the second half of an id first."""
    return identity[8:] + identity[:8]


def acknowledgement(of: Message, identity: UUID, created: int) -> Message:
    """The receipt for a message of a stream."""
    content = {
        "AcknowledgedMessageType": of.kind,
        "AcknowledgedMessageId": str(of.id),
        "AcknowledgedMessageSequenceNumber": of.sequence,
        "IsSequentialMessage": True,
    }
    return Message(
        kind=ACKNOWLEDGE, id=identity, created=created, payload=packed(content), flags=SYN | FIN
    )


def closing(session: str, output: str, identity: UUID, created: int) -> Message:
    """The end of a session; `output` says why, where it isn't because its command ended."""
    content = {
        "MessageId": str(identity),
        "CreatedDate": str(created),
        "DestinationId": "",
        "SessionId": session,
        "MessageType": CLOSED,
        "SchemaVersion": SCHEMA,
        "Output": output,
    }
    return Message(
        kind=CLOSED, id=identity, created=created, payload=packed(content), flags=SYN | FIN
    )


def packed(content: Mapping[str, Any]) -> bytes:
    """A payload of JSON."""
    return json.dumps(content, separators=(",", ":")).encode()
