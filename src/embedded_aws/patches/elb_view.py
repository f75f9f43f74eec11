"""ELBv2: what is registered, as the data plane needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.loadbalancer import addresses, published
from embedded_aws.loadbalancer.certificates import Certificates
from embedded_aws.loadbalancer.choice import weights
from embedded_aws.loadbalancer.haproxy_config import Listener
from embedded_aws.loadbalancer.listeners import Place
from embedded_aws.loadbalancer.pool import Key, View
from embedded_aws.patches import Symbols
from embedded_aws.patches.elb import ADDRESS, SHIFT, give_address

SYMBOLS: Symbols = {
    "services.acm._certificates": None,
    "services.alb._lbs": None,
    "services.alb._listeners": None,
    "services.alb._rule_sort_key": ("rule",),
    "services.alb._rules": None,
    "services.alb._targets": None,
    "services.alb._tg_attrs": None,
    "services.alb._tgs": None,
}

DELAY = "deregistration_delay.timeout_seconds"


def places(certificates: Certificates) -> frozenset[Place]:
    """Where listeners must listen, of all accounts and regions."""
    from ministack.services import alb

    balancers = {lb["LoadBalancerArn"]: lb for lb in alb._lbs.all_values()}
    found = set()
    for listener in alb._listeners.all_values():
        balancer = balancers.get(listener["LoadBalancerArn"])
        protocol = listener.get("Protocol", "HTTP")
        if balancer is None or protocol not in ("HTTP", "HTTPS"):
            continue
        if ADDRESS not in balancer:
            give_address(balancer)
        place = _place(balancer, int(listener.get("Port", 80)))
        if protocol == "HTTPS":
            file = certificates.file(_certificate(listener), balancer[ADDRESS])
            place = place._replace(certificate=file)
        # Without a port where it got another one since it was made, and none is left.
        if place.real_port:
            found.add(place)
    return frozenset(found)


def _place(balancer: dict[str, Any], port: int) -> Place:
    """Where a listener listens, its certificate left out."""
    from ministack.services import alb

    if ports := published.current():
        given = ports.give(balancer, port, alb._lbs.all_values())
        moved = tuple((int(own), real) for own, real in balancer[published.PORTS].items())
        return Place(balancer["LoadBalancerArn"], port, ports.address, given, moved=moved)
    address, shift = balancer[ADDRESS], balancer[SHIFT]
    real_port = addresses.real_port(port, shift)
    return Place(balancer["LoadBalancerArn"], port, address, real_port, shift)


def urls() -> dict[str, list[str]]:
    """Where the listeners of each load balancer answer, by its name."""
    from ministack.services import alb

    balancers = {lb["LoadBalancerArn"]: lb for lb in alb._lbs.all_values()}
    found: dict[str, list[str]] = {lb["LoadBalancerName"]: [] for lb in balancers.values()}
    for listener in sorted(alb._listeners.all_values(), key=lambda one: int(one.get("Port", 80))):
        balancer = balancers.get(listener["LoadBalancerArn"])
        if balancer is not None and ADDRESS in balancer:
            place = _place(balancer, int(listener.get("Port", 80)))
            scheme = str(listener.get("Protocol", "HTTP")).lower()
            found[balancer["LoadBalancerName"]].append(
                addresses.url(scheme, balancer[ADDRESS], place.real_port)
            )
    return found


def _certificate(listener: Mapping[str, Any]) -> Mapping[str, Any]:
    """ACM's record of a listener's certificate; an empty one where ACM has none."""
    from ministack.services import acm

    wanted = (listener.get("Certificates") or [""])[0]
    for (_, _, arn), record in acm._certificates.all_items():
        if arn == wanted:
            found: Mapping[str, Any] = record
            return found
    return {"CertificateArn": wanted}


def routes(certificates: Certificates) -> tuple[list[Listener], list[str]]:
    """The listeners with their rules, and the target groups, also those that nothing names yet.

    Or the first deployment by CodeDeploy, which names the second group of a pair, would have the
    configuration change in its middle.
    """
    from ministack.services import alb

    listeners = {
        (one["LoadBalancerArn"], int(one.get("Port", 80))): one["ListenerArn"]
        for one in alb._listeners.all_values()
    }
    by_listener: dict[str, list[Any]] = {}
    for rule in sorted(alb._rules.all_values(), key=alb._rule_sort_key):
        by_listener.setdefault(rule["ListenerArn"], []).append(rule)
    found = [
        Listener(place=place, rules=by_listener.get(listeners[place.load_balancer, place.port], []))
        for place in places(certificates)
    ]
    groups = [
        group["TargetGroupArn"]
        for group in alb._tgs.all_values()
        if group.get("TargetType") != "lambda"
    ]
    return found, sorted(groups)


def view() -> View:
    """What is registered where, of all accounts and regions."""
    from ministack.services import alb

    groups = {group["TargetGroupArn"]: group for group in alb._tgs.all_values()}
    targets = frozenset(
        Key(arn, str(target["Id"]), int(target.get("Port") or groups[arn]["Port"]))
        for (_, arn), registered in list(alb._targets._data.items())
        if arn in groups and groups[arn].get("TargetType") != "lambda"
        for target in registered
    )
    delays = {
        arn: int(attribute["Value"])
        for (_, arn), attributes in list(alb._tg_attrs._data.items())
        for attribute in attributes
        if attribute["Key"] == DELAY
    }
    return View(targets, groups, delays, frozenset(_used()))


def _used() -> set[str]:
    """Target groups that some listener or rule forwards to, also with a weight of 0."""
    return {group for _, group in links()}


def links() -> set[tuple[str, str]]:
    """Load balancers with the target groups that their rules forward to."""
    from ministack.services import alb

    balancers = {
        listener["ListenerArn"]: listener["LoadBalancerArn"]
        for listener in alb._listeners.all_values()
    }
    return {
        (balancers[rule["ListenerArn"]], group)
        for rule in alb._rules.all_values()
        if rule["ListenerArn"] in balancers
        for action in (rule.get("Actions") or [])
        if str(action.get("Type", "")).lower() == "forward"
        for group, _ in weights(action)
    }
