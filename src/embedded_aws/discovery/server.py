"""The resolver of the tasks' network: their own names from the registry, all others handed on."""

from __future__ import annotations

import ipaddress
import logging
import random
import re
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded_aws.discovery.answers import MOST, Answer, Zones, answer

if TYPE_CHECKING:
    from dnslib import DNSRecord

log = logging.getLogger("embedded.discovery")

PORT = 53
PATIENCE = 3.0
"""Seconds that another resolver gets; who asks us waits for five, as a rule."""

NEGATIVE = 15
"""Seconds that a name may be remembered as missing: those of Cloud Map's zones."""

CONFIGURATION = Path("/etc/resolv.conf")


def machines() -> Sequence[str]:
    """The resolvers of this machine; read anew, as a laptop's change with its network."""
    try:
        text = CONFIGURATION.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    return re.findall(r"^\s*nameserver\s+(\S+)", text, re.MULTILINE)


class Names:
    """Answers tasks, and nobody else, at an address of their network that this process has."""

    def __init__(
        self, zones: Callable[[], Zones], others: Callable[[], Sequence[str]] = machines
    ) -> None:
        self._zones = zones
        self._others = others
        self._subnet = ipaddress.IPv4Network("127.0.0.0/8")
        self._servers: list[Any] = []
        self.address = ""
        """What tasks ask; empty where they can't."""

    def open(self, subnet: ipaddress.IPv4Network, address: str, port: int = PORT) -> None:
        """Listen on an address of the network, for UDP and TCP."""
        from dnslib.server import DNSHandler, DNSLogger, DNSServer

        class Handler(DNSHandler):  # type: ignore[misc]
            def get_reply(self, data: bytes) -> bytes:
                reply: bytes = self.server.resolver.reply(
                    data, self.client_address[0], self.protocol
                )
                return reply

        self._subnet = subnet
        logger = DNSLogger("error", prefix=False, logf=log.info)
        options = {"address": address, "port": port, "handler": Handler, "logger": logger}
        try:
            for tcp in (False, True):
                self._servers.append(DNSServer(self, tcp=tcp, **options))
        except OSError as error:
            log.warning("tasks ask the engine for names: %s:%s: %s", address, port, error)
            self.close()
            return
        for server in self._servers:
            server.start_thread()
        self.address = address

    def close(self) -> None:
        """Answer nobody any more."""
        for server in self._servers:
            if server.isAlive():
                server.stop()
            server.server.server_close()
        self._servers.clear()
        self.address = ""

    def reply(self, data: bytes, client: str, protocol: str) -> bytes:
        """The answer to a question, both as they travel; `protocol` is `udp` or `tcp`."""
        from dnslib import QTYPE, DNSRecord

        request = DNSRecord.parse(data)
        if ipaddress.ip_address(client) not in self._subnet:
            return _failed(request, "REFUSED")
        ours = answer(str(request.q.qname), str(QTYPE[request.q.qtype]), self._zones())
        if ours:
            return _told(request, ours)
        return hand_on(data, self._others(), protocol) or _failed(request, "SERVFAIL")


def _told(request: DNSRecord, ours: Answer) -> bytes:
    """In no order of its own, so that callers spread."""
    from dnslib import QTYPE, RCODE, RR, SOA, A

    reply = request.reply()
    reply.header.ra = 1
    for address in random.sample(ours.addresses, min(MOST, len(ours.addresses))):
        reply.add_answer(RR(request.q.qname, QTYPE.A, ttl=ours.ttl, rdata=A(address)))
    if not ours.exists:
        reply.header.rcode = RCODE.NXDOMAIN
    if not ours.addresses:
        times = (1, 7200, 900, 1209600, NEGATIVE)
        start = SOA(f"ns.{ours.zone}", f"hostmaster.{ours.zone}", times)
        reply.add_auth(RR(ours.zone, QTYPE.SOA, ttl=NEGATIVE, rdata=start))
    return bytes(reply.pack())


def _failed(request: DNSRecord, code: str) -> bytes:
    from dnslib import RCODE

    reply = request.reply()
    reply.header.rcode = getattr(RCODE, code)
    return bytes(reply.pack())


def hand_on(data: bytes, resolvers: Sequence[str], protocol: str, port: int = PORT) -> bytes | None:
    """What the first of other resolvers that answers says, unread; None where none does."""
    ask = _by_tcp if protocol == "tcp" else _by_udp
    for resolver in resolvers:
        try:
            return ask(data, resolver, port)
        except OSError as error:
            log.info("%s does not answer: %s", resolver, error)
    return None


def _by_udp(data: bytes, resolver: str, port: int) -> bytes:
    family, kind, _, _, address = socket.getaddrinfo(resolver, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(address)  # so that nobody else can answer
        connection.send(data)
        while (answered := connection.recv(65535))[:2] != data[:2]:
            continue
        return answered


def _by_tcp(data: bytes, resolver: str, port: int) -> bytes:
    with socket.create_connection((resolver, port), timeout=PATIENCE) as connection:
        connection.sendall(struct.pack("!H", len(data)) + data)
        with connection.makefile("rb") as stream:
            (length,) = struct.unpack("!H", _exactly(stream, 2))
            return _exactly(stream, length)


def _exactly(stream: Any, count: int) -> bytes:
    read: bytes = stream.read(count)
    if len(read) < count:
        raise ConnectionError("the answer is not whole")
    return read
