"""HAProxy's configuration, and the slots that targets get."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from embedded_aws.loadbalancer import health
from embedded_aws.loadbalancer.haproxy import Plane, in_flight, workers
from embedded_aws.loadbalancer.haproxy_config import (
    Listener,
    Slot,
    backend_name,
    quoted,
    render,
    slots_needed,
)
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
    text = config(when(FORWARD, Field="path-pattern", Values=["/a*", "/b?"]), when(FORWARD))
    assert lines(text, "acl ") == [
        'acl r0c0 path -m reg "^/a.*\\$"',
        'acl r0c0 path -m reg "^/b.\\$"',
    ]
    assert lines(text, "set-var(txn.rule)") == [
        "http-request set-var(txn.rule) int(0) if !{ var(txn.rule) -m found } r0c0",
        "http-request set-var(txn.rule) int(1) if !{ var(txn.rule) -m found }",
    ]


def test_weights_are_shares_of_the_dice() -> None:
    """A weight of 0 gets nothing, and what is left goes to the last."""
    groups = [{"TargetGroupArn": BLUE, "Weight": 9}, {"TargetGroupArn": GREEN, "Weight": 1}]
    text = config(when({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}))
    assert lines(text, "use_backend") == [
        f"use_backend {backend_name(BLUE)} if {{ var(txn.rule) -m int 0 }} "
        "{ var(txn.dice) -m int lt 900 }",
        f"use_backend {backend_name(GREEN)} if {{ var(txn.rule) -m int 0 }} "
        "{ var(txn.dice) -m int lt 1000 }",
    ]
    groups[1]["Weight"] = 0
    text = config(when({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}))
    assert len(lines(text, "use_backend")) == 1


def test_a_forward_to_nothing_answers_503() -> None:
    """As AWS does for a group without weight."""
    text = config(when({"Type": "forward", "TargetGroupArn": "arn:gone"}))
    assert lines(text, "status 503") == [
        "http-request return status 503 if { var(txn.rule) -m int 0 }"
    ]


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
        ["haproxy", "-c", "-f", path], capture_output=True, text=True, check=False
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
    plane._slots[BLUE] = slots
    return [(slot.address.removeprefix("10.0.0."), slot.state) for slot in slots if slot != Slot()]


def test_a_target_keeps_its_slot(tmp_path: Path) -> None:
    """Others come and go around it; a slot that became free is used again."""
    pool = FakePool([a_target(1), a_target(2)])
    tested = plane(pool, tmp_path)
    first = {address for address, _ in placed(tested)}
    assert first == {"1:80", "2:80"}
    kept = tested._slots[BLUE].index(Slot(address="10.0.0.2:80", state="ready"))
    pool.targets = [a_target(2), a_target(3)]
    placed(tested)
    assert tested._slots[BLUE][kept].address == "10.0.0.2:80"
    assert len(tested._slots[BLUE]) == 8


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
    """Current sessions by backend and server; nothing where HAProxy did not answer."""
    table = "# pxname,svname,qcur,qmax,scur,smax\ntg,s0,0,0,3,9\ntg,BACKEND,0,0,,9\n\n"
    assert in_flight(table) == {("tg", "s0"): 3, ("tg", "BACKEND"): 0}
    assert in_flight("") == {}


def test_a_long_path_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    """The system limits the length of a socket's name."""
    deep = tmp_path / ("x" * 100)
    tested = plane(FakePool(), deep)
    assert len(str(tested._socket)) < 100
    shutil.rmtree(tested._socket.parent)


def test_workers_that_finish_their_requests(tmp_path: Path) -> None:
    """The children of the master, or one where that can't be told."""
    assert workers(7, tmp_path) == 1
    folder = tmp_path / "7" / "task" / "7"
    folder.mkdir(parents=True)
    (folder / "children").write_text("8 9 ")
    assert workers(7, tmp_path) == 2
