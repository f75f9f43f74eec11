"""HAProxy's configuration, and the slots that targets get."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from embedded_aws.loadbalancer import health
from embedded_aws.loadbalancer.haproxy import Plane, Told
from embedded_aws.loadbalancer.haproxy_config import (
    WEIGHTS,
    Listener,
    Slot,
    as_map,
    backend_name,
    quoted,
    render,
    rule_key,
    shares,
    slots_needed,
)
from embedded_aws.loadbalancer.haproxy_runtime import in_flight, opened, short, shut
from embedded_aws.loadbalancer.listeners import Place
from embedded_aws.loadbalancer.pool import Key, Pool, Target

PLACE = Place("lb", 80, "127.0.1.1", 20080)
BLUE, GREEN = "arn:blue", "arn:green"
FORWARD = {"Type": "forward", "TargetGroupArn": BLUE}


def config(*rules: Mapping[str, Any], slots: Sequence[Slot] = (Slot(),)) -> str:
    listener = Listener(place=PLACE, rules=rules)
    return render("/run/h.sock", [listener], {BLUE: slots, GREEN: [Slot()]})


def lines(text: str, word: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if word in line]


def when(action: Mapping[str, Any], **condition: Any) -> dict[str, Any]:
    return {"Conditions": [condition] if condition else [], "Actions": [action]}


def test_it_listens_where_the_load_balancer_is() -> None:
    """On the real port; the target is told the listener's own."""
    text = config(when(FORWARD))
    assert lines(text, "bind ") == ["bind 127.0.1.1:20080"]
    assert "set-header X-Forwarded-Port 80" in text


def test_the_first_matching_rule_wins() -> None:
    """Whatever kind of action it has: the rule is chosen before any action runs."""
    narrow = when(FORWARD, Field="path-pattern", Values=["/a*", "/b?"])
    text = config({**narrow, "RuleArn": "narrow"}, {**when(FORWARD), "RuleArn": "wide"})
    assert lines(text, "acl ") == [
        'acl r0c0 path -m reg "^/a.*\\$"',
        'acl r0c0 path -m reg "^/b.\\$"',
    ]
    chosen = lines(text, "set-var(txn.rule)")[1:]
    first, second = (line.split("int(")[1] for line in chosen)
    assert first.endswith(") if !{ var(txn.rule) -m found } r0c0")
    assert second.endswith(") if !{ var(txn.rule) -m found }")
    assert first.partition(")")[0] != second.partition(")")[0]


def weighted(blue: int, green: int) -> dict[str, Any]:
    groups = [
        {"TargetGroupArn": BLUE, "Weight": blue},
        {"TargetGroupArn": GREEN, "Weight": green},
    ]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def parts(action: Mapping[str, Any], known: Sequence[str] = (BLUE, GREEN)) -> dict[str, int]:
    """Sides of the dice by backend, in one action."""
    rule = when(action)
    base = rule_key(PLACE, rule) * 1000
    found = {}
    for key, backend in shares([Listener(place=PLACE, rules=[rule])], known).items():
        low, high = (int(end) - base for end in key.split(":"))
        assert 0 <= low <= high < 1000
        found[backend] = high - low + 1
    return found


def test_weights_are_shares_of_the_dice() -> None:
    """A weight of 0 gets nothing, and nothing is left over."""
    blue, green = backend_name(BLUE), backend_name(GREEN)
    assert parts(weighted(9, 1)) == {blue: 900, green: 100}
    assert parts(weighted(1, 2)) == {blue: 333, green: 667}
    assert parts(weighted(100, 0)) == {blue: 1000}
    assert parts(FORWARD) == {blue: 1000}


def test_a_forward_to_nothing_is_in_no_share() -> None:
    """HAProxy answers 503 then, as AWS does for a group without weight."""
    assert parts(weighted(0, 0)) == {}
    assert parts({"Type": "forward", "TargetGroupArn": "arn:gone"}) == {}


def test_weights_are_not_in_the_configuration() -> None:
    """So that they change without a reload, the first time that a second group is named too."""
    assert config(when(FORWARD)) == config(when(weighted(0, 100)))


def test_each_rule_has_a_key_of_its_own() -> None:
    """By which all listeners' rules share one map; 0 is none's."""
    keys = {
        rule_key(place, rule)
        for place in (PLACE, PLACE._replace(real_port=81))
        for rule in ({"RuleArn": "a"}, {"RuleArn": "b"}, {"Priority": "1"}, {})
    }
    assert len(keys) == 8
    assert 0 not in keys
    assert rule_key(PLACE, {"RuleArn": "a", "Priority": "1"}) == rule_key(PLACE, {"RuleArn": "a"})


@pytest.mark.parametrize(
    ("place", "server"),
    [
        (PLACE, "server again 127.0.1.1:20080"),
        (PLACE._replace(address="0.0.0.0"), "server again 127.0.0.1:20080"),
        (PLACE._replace(certificate="a.pem"), "server again 127.0.1.1:20080 ssl verify none"),
    ],
)
def test_a_worker_that_was_replaced_asks_the_new_one(place: Place, server: str) -> None:
    """At the same port, where only the new one listens; nobody else has a rule of that number."""
    text = render("/run/h.sock", [Listener(place=place, rules=[when(FORWARD)])], {})
    assert lines(text, "server again") == [server]
    assert lines(text, "-m int 0 }")[0].startswith("use_backend again_lb_")


def test_slots_carry_their_state() -> None:
    """So that a reload does not take a healthy target away, nor give traffic to a draining one."""
    slots = [
        Slot(address="10.0.0.1:80", state="ready"),
        Slot(address="10.0.0.2:80", state="drain"),
        Slot(),
    ]
    assert lines(config(slots=slots), "server s")[:3] == [
        "server s0 10.0.0.1:80",
        "server s1 10.0.0.2:80 weight 0",
        "server s2 127.0.0.1:1 disabled",
    ]


def test_what_users_write_can_not_leave_its_place() -> None:
    """Quotes, dollars, backslashes and line ends stay inside the word."""
    assert quoted('a"b$c\\d\ne') == '"a\\"b\\$c\\\\d\\ne"'


def test_slots_come_in_steps() -> None:
    """There is always a free one."""
    assert [slots_needed(n) for n in (0, 7, 8, 20)] == [8, 8, 16, 24]


@pytest.mark.tools
@pytest.mark.skipif(not shutil.which("haproxy"), reason="no haproxy here")
def test_haproxy_understands_all_of_it(tmp_path: Path) -> None:
    """Every kind of condition and action."""
    fixed = {"StatusCode": "404", "ContentType": "application/json", "MessageBody": '{"a": "$b"}'}
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    path = tmp_path / "haproxy.cfg"
    (tmp_path / WEIGHTS).write_text(as_map({"7000:7899": "a", "7900:7900": "b"}))
    path.write_text(
        config(
            when(FORWARD, Field="path-pattern", Values=["/a/*", '/"b c"']),
            when(FORWARD, Field="host-header", Values=["*.example.com"]),
            when(FORWARD, Field="http-request-method", Values=["GET", "HEAD"]),
            when(FORWARD, Field="query-string", Values=["a=b*", "c"]),
            when(FORWARD, Field="source-ip", Values=["10.0.0.0/8"]),
            when(
                FORWARD,
                Field="http-header",
                HttpHeaderConfig={"HttpHeaderName": "X-A", "Values": ["1*"]},
            ),
            when({"Type": "redirect", "RedirectConfig": redirect}),
            when({"Type": "fixed-response", "FixedResponseConfig": fixed}),
            when({"Type": "authenticate-cognito"}),
        )
    )
    done = subprocess.run(
        ["haproxy", "-c", "-f", path], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr


@dataclass
class FakePool:
    """Targets with the health that a test gives them."""

    targets: list[Target] = field(default_factory=list)

    def of(self, group: str) -> list[Target]:
        return [target for target in self.targets if target.key.group == group]

    def shown(self, target: Target) -> health.Health:
        return health.DRAINING if target.draining else target.health


def a_target(number: int, state: str = "healthy") -> Target:
    return Target(Key(BLUE, f"10.0.0.{number}", 80), health.Health(state=state))


def plane(pool: FakePool, tmp_path: Path) -> Plane:
    return Plane("haproxy", tmp_path, cast(Pool, pool), lambda: ([], []))


def placed(plane: Plane) -> list[tuple[str, str]]:
    slots = plane._placed(BLUE)
    plane._told = Told(slots={BLUE: slots})
    return [(slot.address.removeprefix("10.0.0."), slot.state) for slot in slots if slot != Slot()]


def test_a_target_keeps_its_slot(tmp_path: Path) -> None:
    """Others come and go around it; a slot that became free is used again."""
    pool = FakePool([a_target(1), a_target(2)])
    tested = plane(pool, tmp_path)
    first = {address for address, _ in placed(tested)}
    assert first == {"1:80", "2:80"}
    kept = tested._told.slots[BLUE].index(Slot(address="10.0.0.2:80", state="ready"))
    pool.targets = [a_target(2), a_target(3)]
    placed(tested)
    assert tested._told.slots[BLUE][kept].address == "10.0.0.2:80"
    assert len(tested._told.slots[BLUE]) == 8


def test_only_healthy_targets_are_ready(tmp_path: Path) -> None:
    """A new one gets nothing, a draining one nothing new."""
    leaving = a_target(3)
    leaving.leaves = 1.0
    pool = FakePool([a_target(1), a_target(2, "initial"), leaving])
    assert dict(placed(plane(pool, tmp_path))) == {
        "1:80": "ready",
        "2:80": "drain",
        "3:80": "drain",
    }


def test_it_fails_open(tmp_path: Path) -> None:
    """Without a healthy target all get traffic."""
    pool = FakePool([a_target(1, "unhealthy"), a_target(2, "initial")])
    assert dict(placed(plane(pool, tmp_path))) == {"1:80": "ready", "2:80": "ready"}


def test_requests_in_flight() -> None:
    """Current sessions by backend and server; no numbers at all where HAProxy told none."""
    table = "# pxname,svname,qcur,qmax,scur,smax\ntg,s0,0,0,3,9\ntg,BACKEND,0,0,,9\n\n"
    assert in_flight(table) == {("tg", "s0"): 3, ("tg", "BACKEND"): 0}
    with pytest.raises(OSError, match="statistics"):
        in_flight("")


@pytest.mark.parametrize("name", ["x" * 100, "my work", "a,b", 'say "a"', "müsli"])
def test_an_odd_path_gets_a_socket_elsewhere(tmp_path: Path, name: str) -> None:
    """The system limits the length of a socket's name, and HAProxy its characters."""
    found = short(tmp_path / name / "haproxy.sock")
    assert found.name == "haproxy.sock"
    assert name not in str(found)
    found.parent.rmdir()


def test_only_what_differs_is_told() -> None:
    """First who gets traffic, apart from who gets none any more."""
    one, two = (
        Slot(address="10.0.0.1:80", state="ready"),
        Slot(address="10.0.0.2:80", state="drain"),
    )
    before = {BLUE: [one, two, Slot()]}
    wanted = {BLUE: [replace(one, state="drain"), replace(two, state="ready"), Slot()]}
    server = backend_name(BLUE)
    assert opened(before, wanted) == [
        f"set server {server}/s1 addr 10.0.0.2 port 80",
        f"set server {server}/s1 weight 1",
        f"set server {server}/s1 state ready",
    ]
    assert shut(before, wanted) == [f"set server {server}/s0 state drain"]
    assert opened(wanted, wanted) == shut(wanted, wanted) == []


@dataclass
class Recorder:
    """What a runtime is told."""

    said: list[Any] = field(default_factory=list)

    def tell(self, commands: Sequence[str]) -> None:
        self.said += [command.partition("/")[2] for command in commands]

    def weigh(self, entries: Mapping[str, str]) -> None:
        self.said.append(entries)


def test_no_request_is_left_without_a_target(tmp_path: Path) -> None:
    """When traffic moves from blue to green: green is opened, then it moves, then blue is shut."""
    blue, green = (Slot(address=f"10.0.0.{n}:80", state="ready") for n in (1, 2))
    before = Told(slots={BLUE: [blue], GREEN: [Slot()]}, weights={"0:999": "blue"})
    slots = {BLUE: [replace(blue, state="drain")], GREEN: [green]}
    tested, recorder = plane(FakePool(), tmp_path), Recorder()
    tested._runtime = cast(Any, recorder)
    tested._apply(before, Told(slots=slots, weights={"0:999": "green"}))
    assert recorder.said == [
        *("s0 addr 10.0.0.2 port 80", "s0 weight 1", "s0 state ready"),
        {"0:999": "green"},
        "s0 state drain",
    ]
