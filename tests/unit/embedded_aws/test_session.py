"""The data channel of ExecuteCommand: messages as bytes, order, receipts, what is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from embedded_aws.ecs.exec import agent, messages
from embedded_aws.ecs.exec.channel import RESEND, WINDOW, Channel
from embedded_aws.ecs.exec.messages import Malformed, Message, Payload
from embedded_aws.ecs.exec.server import size
from embedded_aws.ecs.exec.sessions import LIFETIME, Session, Sessions
from tests.cases_files import cases

ID = UUID("dd01e56b-ff48-483e-a508-b5f073f31b16")


def message_of(case: Mapping[str, Any]) -> Message:
    plain = ("kind", "created", "sequence", "flags", "payload_type")
    return Message(
        **{name: case[name] for name in plain},
        id=UUID(case["id"]),
        payload=case["payload"].encode(),
    )


@pytest.mark.parametrize("case", cases("session"))
def test_a_message_is_these_bytes(case: Mapping[str, Any]) -> None:
    """And the bytes are that message."""
    raw = bytes.fromhex("".join(case["bytes"]))
    assert messages.encode(message_of(case)) == raw
    assert messages.decode(raw) == message_of(case)


def test_a_longer_header_is_read_by_its_length() -> None:
    """What a later version adds to it is skipped."""
    raw = messages.encode(Message(kind="input_stream_data", id=ID, created=1, payload=b"x"))
    longer = (120).to_bytes(4, "big") + raw[4:116] + b"more" + raw[116:]
    assert messages.decode(longer).payload == b"x"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: b"", "0 bytes are too few"),
        (lambda raw: raw[:100], "100 bytes are too few"),
        (lambda raw: raw[:-1], "payload has 6 bytes and not 7"),
        (lambda raw: raw + b"x", "payload has 8 bytes and not 7"),
        (lambda raw: raw[:-1] + b"x", "payload is damaged"),
        (lambda raw: b"\xff\xff\xff\xff" + raw[4:], "header can't have 4294967295 bytes"),
        (lambda raw: b"\0\0\0\0" + raw[4:], "header can't have 0 bytes"),
    ],
)
def test_what_is_no_message_is_refused(change: Any, words: str) -> None:
    """Whatever a client sends."""
    raw = messages.encode(Message(kind="input_stream_data", id=ID, created=1, payload=b"payload"))
    with pytest.raises(Malformed, match=words):
        messages.decode(change(raw))


@pytest.mark.parametrize("payload", [b"{}", b"no", b'{"cols": "x", "rows": 1}', b"[]"])
def test_what_is_no_size_is_refused(payload: bytes) -> None:
    """So that nothing of it reaches the engine."""
    with pytest.raises(Malformed):
        size(Message(kind="input_stream_data", id=ID, created=1, payload=payload))


def channel(kind: str = messages.OUTPUT) -> Channel:
    return Channel(kind, lambda: 1.0, lambda: ID)


def stream(*texts: bytes) -> list[bytes]:
    """Messages of a client, in order."""
    client = channel(messages.INPUT)
    return [client.sending(text, Payload.DATA, 0.0) for text in texts]


def texts(ready: list[Message]) -> list[bytes]:
    return [message.payload for message in ready]


def test_what_comes_in_order_is_handed_on_and_acknowledged() -> None:
    """With the number and the id of what came."""
    server = channel()
    first, second = stream(b"a", b"b")
    ready, receipts = server.received(first)
    assert texts(ready) == [b"a"]
    content = messages.decode(receipts[0]).json
    assert content["AcknowledgedMessageSequenceNumber"] == 0
    assert content["AcknowledgedMessageId"] == str(ID)
    assert texts(server.received(second)[0]) == [b"b"]


def test_what_comes_too_early_waits() -> None:
    """It is acknowledged at once, and handed on behind what was missing."""
    server = channel()
    first, second, third = stream(b"a", b"b", b"c")
    for early in (third, second):
        ready, receipts = server.received(early)
        assert (ready, len(receipts)) == ([], 1)
    assert texts(server.received(first)[0]) == [b"a", b"b", b"c"]


def test_what_comes_twice_is_handed_on_once() -> None:
    """And acknowledged again: the first receipt was lost."""
    server = channel()
    (first,) = stream(b"a")
    server.received(first)
    ready, receipts = server.received(first)
    assert (ready, len(receipts)) == ([], 1)
    assert server.early == {}


def test_what_is_far_ahead_is_not_kept() -> None:
    """A client can't fill the memory; what is missing is sent again."""
    server = channel()
    client = channel(messages.INPUT)
    client.following = WINDOW + 1
    assert server.received(client.sending(b"x", Payload.DATA, 0.0)) == ([], [])


def test_a_message_is_sent_again_until_it_is_acknowledged() -> None:
    """The oldest, no sooner than its time has come."""
    server, client = channel(), channel(messages.INPUT)
    first = server.sending(b"a", Payload.DATA, 10.0)
    server.sending(b"b", Payload.DATA, 10.0)
    assert server.overdue(10.0 + RESEND / 2) == []
    assert server.overdue(10.0 + RESEND) == [first]
    assert server.overdue(10.0 + RESEND) == []
    _, (receipt,) = client.received(first)
    assert server.received(receipt) == ([], [])
    assert list(server.under_way) == [1]


def test_a_receipt_for_the_others_own_message_counts_for_nothing() -> None:
    """Both sides count from nought."""
    server = channel()
    server.sending(b"a", Payload.DATA, 0.0)
    stranger = Message(kind=messages.INPUT, id=ID, created=1)
    server.received(messages.encode(messages.acknowledgement(stranger, ID, 1)))
    assert list(server.under_way) == [0]


@pytest.mark.parametrize("payload", [b"[]", b"1", b"{}"])
def test_a_receipt_for_nothing_counts_for_nothing(payload: bytes) -> None:
    """Whatever a client sends."""
    receipt = Message(kind=messages.ACKNOWLEDGE, id=ID, created=1, payload=payload)
    assert channel().received(messages.encode(receipt)) == ([], [])


def test_a_full_channel_waits() -> None:
    """No more is under way than the other side keeps."""
    server = channel()
    for _ in range(WINDOW):
        assert not server.full
        server.sending(b"a", Payload.DATA, 0.0)
    assert server.full


def test_a_closing_message_names_the_session() -> None:
    """It is told apart from the stream."""
    (message,), _ = channel(messages.INPUT).received(channel().closing("s-1", "why"))
    assert message.kind == messages.CLOSED
    assert (message.json["SessionId"], message.json["Output"]) == ("s-1", "why")


def test_a_session_is_opened_once_with_its_token() -> None:
    """By nobody else."""
    sessions = Sessions()
    sessions.add(session := Session("c", ("sh",)))
    assert sessions.open("other", session.token) is None
    assert sessions.open(session.id, "other") is None
    assert sessions.open(session.id, session.token) == session
    assert sessions.open(session.id, session.token) is None


def test_a_session_that_nobody_opens_is_forgotten() -> None:
    """A token that lies around is worth nothing soon."""
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    session = Session("c", ("sh",), made=0.0)
    sessions.add(session)
    now[0] = LIFETIME
    assert sessions.open(session.id, session.token) is None
    sessions.add(Session("c", ("sh",), made=LIFETIME))
    assert len(sessions._waiting) == 1


def test_a_token_is_not_shown() -> None:
    """Not in a log either."""
    session = Session("c", ("sh",))
    assert session.token not in repr(session)


VOLUMES = [{"containerPath": path} for path in agent.WRITES]


@pytest.mark.parametrize(
    ("enabled", "definition", "status"),
    [
        (False, {}, None),
        (True, {}, "RUNNING"),
        (True, {"readonlyRootFilesystem": True}, "STOPPED"),
        (True, {"readonlyRootFilesystem": True, "mountPoints": VOLUMES[:2]}, "STOPPED"),
        (True, {"readonlyRootFilesystem": True, "mountPoints": VOLUMES}, "RUNNING"),
    ],
)
def test_the_agent_runs_where_aws_could_run_it(
    enabled: bool, definition: Any, status: str | None
) -> None:
    """It has to be asked for, and needs somewhere to write."""
    found = agent.state({"enableExecuteCommand": enabled}, definition, "now")
    assert [one["lastStatus"] for one in found] == ([status] if status else [])


def task(status: str = "RUNNING", **more: Any) -> dict[str, Any]:
    running = [{"name": agent.NAME, "lastStatus": "RUNNING"}]
    container = {"name": "app", "lastStatus": "RUNNING", "managedAgents": running, **more}
    return {"lastStatus": status, "containers": [container]}


@pytest.mark.parametrize(
    ("found", "asked", "expected"),
    [
        (task(), {}, 0),
        (task(), {"container": "app"}, 0),
        (task(), {"container": "b"}, "InvalidParameterException"),
        (task(), {"interactive": False}, "InvalidParameterException"),
        (None, {}, "InvalidParameterException"),
        (task("PENDING"), {}, "TargetNotConnectedException"),
        (task(lastStatus="STOPPED"), {}, "TargetNotConnectedException"),
        (task(managedAgents=[]), {}, "InvalidParameterException"),
    ],
)
def test_who_may_enter(found: Any, asked: Any, expected: int | str) -> None:
    """The container's index, or AWS's error code."""
    answer = agent.chosen(found, {"interactive": True, **asked})
    assert (answer if isinstance(answer, int) else answer.code) == expected


def test_one_of_several_containers_has_to_be_named() -> None:
    """As AWS asks for it."""
    several = task()
    several["containers"] *= 2
    refusal = agent.chosen(several, {"interactive": True})
    assert isinstance(refusal, agent.Refusal)
    assert "container name is required" in refusal.message
