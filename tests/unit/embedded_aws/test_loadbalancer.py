"""Which target gets a request, and where load balancers listen."""

from __future__ import annotations

from embedded_aws.loadbalancer.addresses import allocate, dns_name, real_port
from embedded_aws.loadbalancer.choice import eligible, pick, weights


def test_only_healthy_targets_get_traffic() -> None:
    """New, unhealthy and draining ones get none while a healthy one is there."""
    states = ["healthy", "initial", "unhealthy", "draining"]
    assert eligible(["a", "b", "c", "d"], states) == ["a"]


def test_without_a_healthy_target_it_fails_open() -> None:
    """All get traffic then, as on AWS, but a draining one."""
    assert eligible(["a", "b", "c"], ["unhealthy", "initial", "draining"]) == ["a", "b"]


def test_weights_of_an_action() -> None:
    """From the weighted form, else the plain one."""
    groups = [{"TargetGroupArn": "a", "Weight": 9}, {"TargetGroupArn": "b", "Weight": 1}]
    assert weights({"ForwardConfig": {"TargetGroups": groups}}) == [("a", 9), ("b", 1)]
    assert weights({"TargetGroupArn": "a"}) == [("a", 1)]
    assert weights({"Type": "redirect"}) == []


def test_dice_follow_the_weights() -> None:
    """A weight of 0 gets nothing, and nothing is picked where all are 0."""
    weighted = [("a", 90), ("b", 10), ("c", 0)]
    assert [pick(weighted, dice) for dice in (0.0, 0.89, 0.9, 0.999)] == ["a", "a", "b", "b"]
    assert pick([("a", 0)], 0.5) is None


def test_a_load_balancer_gets_an_address_of_its_own() -> None:
    """The first free one where port 80 can be opened, with real ports."""
    taken = [("127.0.1.1", 0)]
    assert allocate(taken, lambda address, port: address != "127.0.1.2") == ("127.0.1.3", 0)


def test_instances_have_addresses_apart() -> None:
    """An instance that is down finds its addresses free when it comes up again."""
    usual, other, third = (
        allocate([], lambda *_: True, port=port)[0] for port in (4566, 4700, 4701)
    )
    assert usual == "127.0.1.1"
    assert len({address.rsplit(".", 1)[0] for address in (usual, other, third)}) == 3


def test_without_the_right_to_low_ports_they_are_shifted() -> None:
    """The name then holds the port, so that `http://<name>` answers."""
    address, shift = allocate([], lambda address, port: port > 1023)
    assert (address, shift) == ("127.0.1.1", 20000)
    assert dns_name(address, shift) == "127.0.1.1:20080"
    assert [real_port(port, shift) for port in (80, 443, 8080)] == [20080, 20443, 8080]


def test_where_loopback_has_one_address_the_shift_differs() -> None:
    """As on macOS."""
    assert allocate([("127.0.0.1", 20000)], lambda address, port: False) == ("127.0.0.1", 21000)
