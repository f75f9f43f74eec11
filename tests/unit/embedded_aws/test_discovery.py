"""Names of services: what is answered, to whom, and what is asked of others."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from embedded_aws.discovery.answers import Answer, Entry, answer
from embedded_aws.discovery.server import Names, hand_on

ZONE = "shop-local.internal"
ZONES = {
    ZONE: {
        "orders": Entry(addresses=("198.19.2.1", "198.19.2.2"), ttl=10),
        "sick": Entry(addresses=(), ttl=10),
    },
    f"other.{ZONE}": {},
}
CONNECTS = pytest.mark.tools
NEAR = ipaddress.IPv4Network("127.0.0.0/8")


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        (
            f"orders.{ZONE}.",
            "A",
            Answer(zone=ZONE, exists=True, addresses=("198.19.2.1", "198.19.2.2"), ttl=10),
        ),
        (
            f"ORDERS.{ZONE.upper()}",
            "ANY",
            Answer(zone=ZONE, exists=True, addresses=("198.19.2.1", "198.19.2.2"), ttl=10),
        ),
        (f"orders.{ZONE}", "AAAA", Answer(zone=ZONE, exists=True, ttl=10)),
        (f"sick.{ZONE}", "A", Answer(zone=ZONE, exists=True, ttl=10)),
        (f"nobody.{ZONE}", "A", Answer(zone=ZONE, exists=False)),
        (f"a.orders.{ZONE}", "A", Answer(zone=ZONE, exists=False)),
        (ZONE, "A", Answer(zone=ZONE, exists=True)),
        (f"orders.other.{ZONE}", "A", Answer(zone=f"other.{ZONE}", exists=False)),
        ("example.com", "A", None),
        (f"not{ZONE}", "A", None),
        ("internal", "A", None),
    ],
)
def test_what_a_name_means(name: str, kind: str, expected: Answer | None) -> None:
    """Names of a namespace are ours to answer, whether they exist or not; all others are not."""
    assert answer(name, kind, ZONES) == expected


def free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def names() -> Iterator[Names]:
    """Nobody else to ask, and open to loopback."""
    made = Names(lambda: ZONES, others=lambda: ())
    yield made
    made.close()


def ask(port: int, name: str, kind: str = "A", *, tcp: bool = False) -> DNSRecord:
    question = DNSRecord.question(name, kind)
    return DNSRecord.parse(question.send("127.0.0.1", port, tcp=tcp, timeout=5))


def addresses(reply: DNSRecord) -> set[str]:
    return {str(each.rdata) for each in reply.rr}


@CONNECTS
@pytest.mark.parametrize("tcp", [False, True])
def test_tasks_are_told(names: Names, tcp: bool) -> None:
    """All healthy addresses with their time to live; a missing name at once, by its zone."""
    port = free_port()
    names.open(NEAR, "127.0.0.1", port)
    assert names.address == "127.0.0.1"
    there = ask(port, f"orders.{ZONE}", tcp=tcp)
    assert addresses(there) == {"198.19.2.1", "198.19.2.2"}
    assert {each.ttl for each in there.rr} == {10}
    missing = ask(port, f"nobody.{ZONE}", tcp=tcp)
    assert (missing.header.rcode, missing.rr) == (RCODE.NXDOMAIN, [])
    assert [QTYPE[each.rtype] for each in missing.auth] == ["SOA"]
    nothing = ask(port, f"orders.{ZONE}", "AAAA", tcp=tcp)
    assert (nothing.header.rcode, nothing.rr) == (RCODE.NOERROR, [])


@CONNECTS
def test_no_order_of_addresses_stays(names: Names) -> None:
    """Who takes the first one spreads all the same."""
    names.open(NEAR, "127.0.0.1", port := free_port())
    firsts = {str(ask(port, f"orders.{ZONE}").rr[0].rdata) for _ in range(40)}
    assert firsts == {"198.19.2.1", "198.19.2.2"}


@CONNECTS
def test_nobody_else_is_told(names: Names) -> None:
    """Neither a name of ours nor one of others: this is no resolver for the neighbourhood."""
    names.open(ipaddress.IPv4Network("198.19.0.0/22"), "127.0.0.1", port := free_port())
    for name in (f"orders.{ZONE}", "example.com"):
        reply = ask(port, name)
        assert (reply.header.rcode, reply.rr) == (RCODE.REFUSED, [])


@CONNECTS
def test_other_names_are_handed_on_unread() -> None:
    """As bytes, both ways; an answer to another question is not taken for one to this."""
    question = DNSRecord.question("example.com").pack()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        def reply() -> None:
            asked, client = other.recvfrom(65535)
            assert asked == question
            other.sendto(b"??another question", client)
            other.sendto(question[:2] + b"an answer", client)

        thread = threading.Thread(target=reply, daemon=True)
        thread.start()
        assert hand_on(question, ["127.0.0.1"], "udp", port) == question[:2] + b"an answer"
        thread.join()


@CONNECTS
def test_names_of_ours_are_never_asked_of_others() -> None:
    """What is missing here is missing: the name goes to nobody."""
    asked: list[str] = []

    def others() -> list[str]:
        asked.append("others")
        return []

    names = Names(lambda: ZONES, others)
    names.open(NEAR, "127.0.0.1", port := free_port())
    try:
        ask(port, f"nobody.{ZONE}")
        assert asked == []
        began = time.monotonic()
        assert ask(port, "example.com").header.rcode == RCODE.SERVFAIL
        assert asked == ["others"]
        assert time.monotonic() - began < 4
    finally:
        names.close()


def test_a_port_that_is_taken_is_no_end() -> None:
    """Another resolver has it: tasks are left with the engine's."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        names = Names(lambda: ZONES)
        names.open(NEAR, "127.0.0.1", other.getsockname()[1])
        assert names.address == ""
        names.close()
