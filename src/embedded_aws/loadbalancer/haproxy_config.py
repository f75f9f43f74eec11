"""HAProxy's configuration for the listeners, rules and targets that there are. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from embedded_aws.loadbalancer.choice import weights
from embedded_aws.loadbalancer.haproxy_log import AGAIN, FORMAT
from embedded_aws.loadbalancer.listeners import Place

HEAD = """\
global
  stats socket {socket} mode 600 level admin expose-fd listeners
  maxconn 4000
  hard-stop-after 120s
  log {socket}.log len 512 format raw local0

defaults
  mode http
  log global
  log-format {log_format}
  option dontlognull
  option forwardfor
  option http-keep-alive
  option idle-close-on-response
  option redispatch 1
  retries 2
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout http-keep-alive 60s
  timeout tunnel 1h
"""

SPARE = 8
"""Server slots are made in this many at a time, so that new targets seldom need a reload."""

DICE = 1000
"""Sides of the dice that is cast for each request: the finest share is a thousandth."""

WEIGHTS = "haproxy.map"
"""The file beside the configuration that says which shares of the traffic go where."""

HANDED_ON = 0
"""In place of a rule: the worker was replaced, and hands all requests on to the new one."""

HAND_ON = f"int({HANDED_ON}),map_int({WEIGHTS})"
REPLACED = {str(HANDED_ON): "replaced"}
"""The map of a worker that was replaced."""

NOWHERE = "127.0.0.1:1"


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listener with its rules in the order of their priority, the default one last."""

    place: Place
    rules: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A server slot of a backend: an address `ip:port` and `ready`, `drain` or `maint`."""

    address: str = NOWHERE
    state: str = "maint"


def render(
    socket: str, listeners: Sequence[Listener], backends: Mapping[str, Sequence[Slot]]
) -> str:
    """The whole file; `backends` holds the slots of each target group by its ARN.

    Weights are not in it but in a map (`shares`), which can be replaced without a reload.
    """
    parts = [HEAD.format(socket=socket, log_format=quoted(FORMAT))]
    parts += ["\n".join(_frontend(listener)) for listener in listeners]
    parts += ["\n".join(_new_worker(listener.place)) for listener in listeners]
    parts += ["\n".join(_backend(arn, slots)) for arn, slots in sorted(backends.items())]
    return "\n\n".join(parts) + "\n"


def frontend_name(place: Place) -> str:
    """A name that tells the address."""
    return f"lb_{place.address.replace('.', '_')}_{place.real_port}"


def backend_name(arn: str) -> str:
    """A name without characters that mean something to HAProxy."""
    return "tg_" + hashlib.sha256(arn.encode()).hexdigest()[:16]


def rule_key(place: Place, rule: Mapping[str, Any]) -> int:
    """A number of its own, above 0, among the rules of all listeners."""
    name = f"{frontend_name(place)} {rule.get('RuleArn') or rule.get('Priority', 'default')}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big") + 1


def shares(listeners: Sequence[Listener], backends: Collection[str]) -> dict[str, str]:
    """The map of weights: ranges of rule and dice, and the backend that has them."""
    return {
        f"{base + low}:{base + high - 1}": backend_name(arn)
        for listener in listeners
        for rule in listener.rules
        for base in (rule_key(listener.place, rule) * DICE,)
        for arn, low, high in _ranges(_last(rule), backends)
    }


def as_map(entries: Mapping[str, str]) -> str:
    """The map as HAProxy reads it from a file."""
    return "".join(f"{range_} {backend}\n" for range_, backend in entries.items())


def _ranges(action: Mapping[str, Any], backends: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Each group with its part of the dice; what falls below one side of it gets nothing."""
    weighted = [(arn, weight) for arn, weight in _forwards(action) if arn in backends]
    total, reached = sum(weight for _, weight in weighted), 0
    for arn, weight in weighted:
        low, reached = reached * DICE // (total or 1), reached + weight
        high = reached * DICE // (total or 1)
        if high > low:
            yield arn, low, high


def _forwards(action: Mapping[str, Any]) -> list[tuple[str, int]]:
    return weights(action) if str(action.get("Type", "")).lower() == "forward" else []


def slots_needed(targets: int) -> int:
    """How many slots a backend gets for so many targets."""
    return (targets // SPARE + 1) * SPARE


def _backend(arn: str, slots: Sequence[Slot]) -> Iterator[str]:
    yield f"backend {backend_name(arn)}"
    yield "  balance roundrobin"
    for number, slot in enumerate(slots):
        off = {"ready": "", "drain": " weight 0", "maint": " disabled"}[slot.state]
        yield f"  server s{number} {slot.address}{off}"


def _frontend(listener: Listener) -> Iterator[str]:
    place = listener.place
    yield f"frontend {frontend_name(place)}"
    yield f"  bind {place.address}:{place.real_port}{_tls(place)}"
    yield f"  http-request set-header X-Forwarded-Proto {place.protocol}"
    yield f"  http-request set-header X-Forwarded-Port {place.port}"
    yield f"  http-request set-var(txn.dice) rand({DICE})"
    yield f"  http-request set-var(txn.rule) int({HANDED_ON}) if {{ {HAND_ON} -m found }}"
    for number, rule in enumerate(listener.rules):
        yield from _conditions(number, rule_key(place, rule), rule)
    for rule in listener.rules:
        yield from _action(rule_key(place, rule), _last(rule), place)
    yield f"  use_backend {_again(place)} if {{ var(txn.rule) -m int {HANDED_ON} }}"
    # A rule that has no group with a weight is not in the map: 503, as AWS answers.
    yield f"  use_backend %[var(txn.rule),mul({DICE}),add(txn.dice),map_int({WEIGHTS})]"


def _new_worker(place: Place) -> Iterator[str]:
    """Where a worker that was replaced sends what it is asked: to the same port again."""
    address = "127.0.0.1" if place.address == "0.0.0.0" else place.address  # noqa: S104
    yield f"backend {_again(place)}"
    tls = " ssl verify none" if place.certificate else ""
    yield f"  server again {address}:{place.real_port}{tls}"


def _again(place: Place) -> str:
    return f"{AGAIN}{frontend_name(place)}"


def _tls(place: Place) -> str:
    if not place.certificate:
        return ""
    return f" ssl crt {quoted(place.certificate)} ssl-min-ver TLSv1.2 alpn h2,http/1.1"


def _conditions(number: int, key: int, rule: Mapping[str, Any]) -> Iterator[str]:
    """The first rule whose conditions all hold writes its key into a variable."""
    names = []
    for index, condition in enumerate(rule.get("Conditions") or []):
        names.append(f"r{number}c{index}")
        for test in _tests(condition):
            yield f"  acl {names[-1]} {test}"
    matched = " ".join(["!{ var(txn.rule) -m found }", *names])
    yield f"  http-request set-var(txn.rule) int({key}) if {matched}"


def _tests(condition: Mapping[str, Any]) -> Iterator[str]:
    """What a condition asks, one test a value: any of them is enough."""
    field, values = condition.get("Field", ""), condition.get("Values") or []
    header = condition.get("HttpHeaderConfig") or {}
    for value in header.get("Values") or values:
        if field == "path-pattern":
            yield f"path -m reg {_pattern(value)}"
        elif field == "host-header":
            yield f"req.hdr(host),field(1,:) -m reg -i {_pattern(value)}"
        elif field in ("http-request-method", "http-method"):
            yield f"method -m str {quoted(value)}"
        elif field == "http-header":
            yield f"req.hdr({header.get('HttpHeaderName', '')}) -m reg -i {_pattern(value)}"
        elif field == "query-string":
            yield _query(value)
        elif field == "source-ip":
            yield f"src {quoted(value)}"
    if not values and not header.get("Values"):
        yield "always_true"


def _query(value: str) -> str:
    key, equals, wanted = value.partition("=")
    return (
        f"url_param({key}) -m reg -i {_pattern(wanted)}" if equals else f"url_param({key}) -m found"
    )


def _action(key: int, action: Mapping[str, Any], place: Place) -> Iterator[str]:
    chosen = f"{{ var(txn.rule) -m int {key} }}"
    kind = str(action.get("Type", "")).lower()
    if kind == "fixed-response":
        yield f"  http-request return {_fixed(action['FixedResponseConfig'])} if {chosen}"
    elif kind == "redirect":
        yield from _redirect(action["RedirectConfig"], place, chosen)
    elif kind != "forward":
        yield f"  http-request return status 502 if {chosen}"


def _fixed(config: Mapping[str, Any]) -> str:
    body = config.get("MessageBody") or ""
    kind = config.get("ContentType") or "text/plain"
    content = f" content-type {quoted(kind)} string {quoted(body)}" if body else ""
    return f"status {int(config['StatusCode'])}{content} hdr Server awselb/2.0"


def _redirect(config: Mapping[str, Any], place: Place, chosen: str) -> Iterator[str]:
    code = str(config.get("StatusCode", "HTTP_301")).removeprefix("HTTP_")
    query = config.get("Query", "#{query}")
    host, port = config.get("Host", "#{host}"), config.get("Port", "#{port}")
    port = port.replace("#{port}", str(place.port))
    if host == "#{host}":
        port = place.seen_port(port)
    protocol = config.get("Protocol", "#{protocol}").lower()
    target = f"{protocol}://{host}:{port}{config.get('Path', '/#{path}')}"
    plain = _filled(target, place)
    with_query = f"{plain}?{_filled(query, place)}"
    asked = "{ query -m len gt 0 }" if query == "#{query}" else "{ always_true }"
    yield f"  http-request redirect location {with_query} code {code} if {chosen} {asked}"
    yield f"  http-request redirect location {plain} code {code} if {chosen}"


def _filled(template: str, place: Place) -> str:
    """A format string of HAProxy for AWS's placeholders."""
    for placeholder, value in (
        ("#{protocol}", place.protocol),
        ("#{host}", "%[req.hdr(host),field(1,:)]"),
        ("#{port}", str(place.port)),
        ("/#{path}", "%[path]"),
        ("#{path}", "%[path]"),
        ("#{query}", "%[query]"),
    ):
        template = template.replace(placeholder, value)
    return template.replace(" ", "%20")


def _last(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The action that answers; what comes before it authenticates, which is not done here."""
    actions = sorted(rule.get("Actions") or [], key=lambda action: int(action.get("Order") or 1))
    return actions[-1] if actions else {}


def _pattern(value: str) -> str:
    """A regular expression for a pattern with `*` and `?`."""
    expression = re.escape(value).replace(r"\*", ".*").replace(r"\?", ".")
    return quoted(f"^{expression}$")


def quoted(text: str) -> str:
    """`text` as one word of HAProxy's configuration, whatever is in it."""
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + text.replace("\r", "").replace("\n", "\\n") + '"'
