"""An instance in a container: its names, its ports, whom it answers."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.contained import names, own
from embedded_aws.loadbalancer.addresses import url
from embedded_aws.loadbalancer.listeners import Place
from embedded_aws.loadbalancer.published import PORTS, Published, current, tell
from embedded_aws.settings import instance_name


def test_names_differ_by_folder_and_from_those_of_a_process() -> None:
    """So that no instance finds the network or the volumes of another."""
    one, two = Path("/a/.slipway/embedded"), Path("/b/.slipway/embedded")
    found = {names.instance(one), names.instance(two), instance_name(one), instance_name(two)}
    assert len(found) == 4
    assert names.instance(one) == instance_name(names.inside(one))


def test_every_instance_has_ports_of_its_own() -> None:
    """Below those that systems give to clients, and the plainest for the usual port."""
    assert names.published(4566)[0] == 20000
    ranges = [names.published(port) for port in range(4566, 4566 + names.INSTANCES)]
    everything = [port for found in ranges for port in found]
    assert len(everything) == len(set(everything))
    assert max(everything) < 32768
    assert names.published(1024)[0] >= 20000


def test_a_listener_keeps_its_port() -> None:
    """Also when others come and go; two load balancers never share one."""
    ports = Published(address="172.18.0.2", ports=range(20000, 20003))
    one: dict[str, Any] = {}
    assert ports.give(one, 80, []) == 20000
    two: dict[str, Any] = {}
    assert ports.give(two, 80, [one, two]) == 20001
    assert ports.give(one, 443, [one, two]) == 20002
    assert [ports.give(one, 80, [two]), one[PORTS]] == [20000, {"80": 20000, "443": 20002}]


def test_where_no_port_is_left_there_is_none() -> None:
    """CreateListener refuses then."""
    ports = Published(address="172.18.0.2", ports=range(20000, 20001))
    one: dict[str, Any] = {PORTS: {"80": 20000}}
    assert ports.free([one]) == []
    assert ports.give({}, 80, [one]) == 0


def test_what_was_told_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was told nothing publishes nothing."""
    monkeypatch.setenv("EMBEDDED_AWS_PUBLISHED", "")
    assert current() is None
    tell("172.18.0.2", range(20000, 20032))
    assert current() == Published(address="172.18.0.2", ports=range(20000, 20032))


def test_a_redirect_names_the_published_port() -> None:
    """Of the listener that it leads to; a port without a listener stays as it is."""
    place = Place("lb", 80, "172.18.0.2", 20000, moved=((80, 20000), (443, 20001)))
    assert [place.seen_port(port) for port in ("443", "8080", "#{port}")] == [
        "20001",
        "8080",
        "#{port}",
    ]


@pytest.mark.parametrize(
    ("scheme", "port", "expected"),
    [
        ("http", 80, "http://127.0.1.1"),
        ("https", 443, "https://127.0.1.1"),
        ("https", 20443, "https://127.0.1.1:20443"),
        ("http", 443, "http://127.0.1.1:443"),
    ],
)
def test_urls_of_listeners(scheme: str, port: int, expected: str) -> None:
    """With their own scheme, and the port where the scheme does not imply it."""
    assert url(scheme, "127.0.1.1", port) == expected


def an_own(*, desktop: bool) -> own.Own:
    """One on 172.18.0.0/16, its tasks on 198.19.4.0/22."""
    found = own.Own.__new__(own.Own)
    found._front = ipaddress.IPv4Network("172.18.0.0/16")
    found._desktop = desktop
    found._tasks = ipaddress.IPv4Network("198.19.4.0/22")
    return found


@pytest.mark.parametrize(
    ("client", "desktop", "admitted"),
    [
        ("172.18.0.1", False, True),
        ("127.0.0.1", False, True),
        ("198.19.6.3", False, False),
        ("198.19.6.3", True, False),
        ("192.168.1.20", False, False),
        ("192.168.65.1", True, True),
    ],
)
def test_who_is_answered(client: str, *, desktop: bool, admitted: bool) -> None:
    """Who came through a published port; no task, and no neighbour on the machine's network."""
    assert an_own(desktop=desktop).admits(client) is admitted


def answered(client: str) -> list[int]:
    """The status codes that a client gets, the inner application's being 200."""
    sent: list[int] = []

    async def inner(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Any) -> None:
        if "status" in message:
            sent.append(message["status"])

    scope = {"type": "http", "client": (client, 1), "method": "POST", "path": "/"}
    asyncio.run(own.Front(inner, an_own(desktop=False))(scope, None, send))
    return sent


def test_the_front_refuses_whom_it_does_not_admit() -> None:
    """Before anything of the request is looked at."""
    assert answered("172.18.0.1") == [200]
    assert answered("198.19.6.3") == [403]
