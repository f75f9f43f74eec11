"""What Copilot's manifests say of services that serve: requests, tasks, rollouts; pure."""

from __future__ import annotations

import re

from slipway.config.rules import Host, UrlPath
from slipway.importing.bounds import fits
from slipway.importing.copilot_words import ZONE
from slipway.importing.draft import Node

INTERVAL, TIMEOUT = 10, 5
"""Copilot's own defaults of health checks, in seconds."""

RANGE = re.compile(r"(\d{1,4})-(\d{1,4})")
SPOT = "tasks run on Fargate, not on Fargate Spot"
ONE_HOST = "a service has one host here: send this one to the first, or by a redirect"
ALARMED = "a raised alarm takes a new version back within `deploy.bake` minutes (0: never)"


def web(node: Node) -> None:
    """All that is about serving."""
    requests(node.at("http"))
    count(node.at("count"))
    rollout(node.at("deployment"))


def requests(http: Node) -> None:
    """Route and health check."""
    if http.flag() is False:
        http.leave("Slipway's services are behind the load balancer, so it gets a route")
        return
    path = http.at("path")
    wanted = "/" + (path.text() or "").strip("/")
    if path.text() is not None and fits(UrlPath, wanted):
        path.carry("route.path", wanted)
    hosts(http.at("alias"))
    health(http.at("healthcheck"))


def hosts(alias: Node) -> None:
    """The first name becomes the route's host; texts, lists and tables with a name are known."""
    for each in alias.items():
        each.at("hosted_zone").given(ZONE)
    names = [each.at("name") if isinstance(each.value, dict) else each for each in alias.items()]
    for number, each in enumerate(names or [alias]):
        host = (each.text() or "").lower()
        if not host or not fits(Host, host):
            each.leave("not a host name as a route can have it")
        elif number:
            each.leave(ONE_HOST)
        else:
            each.carry("route.host", host)


def health(node: Node) -> None:
    """How the load balancer asks: a path, or a table."""
    path = node.at("path") if isinstance(node.value, dict) else node
    if path.text() is not None:
        wanted = "/" + (path.text() or "").strip("/")
        if fits(UrlPath, wanted):
            path.carry("health.path", wanted)
        else:
            path.leave("a path of a health check has no query here")
    node.at("healthy_threshold").carry("health.healthy", node.at("healthy_threshold").number())
    unhealthy = node.at("unhealthy_threshold")
    unhealthy.carry("health.unhealthy", unhealthy.number())
    node.at("grace_period").carry("health.grace", node.at("grace_period").seconds())
    pace(node.at("interval"), node.at("timeout"))
    if node.at("success_codes").text() == "200":
        node.at("success_codes").given("200 is what counts")


def pace(interval: Node, timeout: Node) -> None:
    """Interval and timeout, both where one is said, since one limits the other."""
    between, patience = interval.seconds(), timeout.seconds()
    if between is None and patience is None:
        return
    draft, above = interval.draft, interval.above
    if between is None:
        between = draft.get(("health", "interval")) or INTERVAL
        draft.set((*above, "health", "interval"), between)
    if patience is None:
        patience = draft.get(("health", "timeout")) or TIMEOUT
        draft.set((*above, "health", "timeout"), min(patience, between - 1))
    interval.carry("health.interval", between)
    why = "" if patience < between else f"{patience} is not less than the interval ({between})"
    timeout.carry("health.timeout", min(patience, between - 1), why)


def count(node: Node) -> None:
    """How many tasks: a number, or a table of bounds and targets."""
    if node.number() is not None:
        steady(node)
        return
    steady(node.at("spot"), SPOT)
    bounds(node.at("range"))
    for ours, theirs in (("cpu", "cpu_percentage"), ("memory", "memory_percentage")):
        target(node.at(theirs), f"scale.{ours}")
    target(node.at("requests"), "scale.requests")


def steady(node: Node, why: str = "") -> None:
    """A number of tasks that nothing changes."""
    number = node.number()
    node.carry("scale.min", number, why)
    if number is not None:
        node.carry("scale.max", number, why)


def bounds(node: Node) -> None:
    """Least and most tasks: `1-10`, or a table."""
    if isinstance(node.value, dict):
        for key in ("min", "max"):
            node.at(key).carry(f"scale.{key}", node.at(key).number())
        node.at("spot_from").leave(SPOT)
    elif found := RANGE.fullmatch(node.text() or ""):
        node.carry("scale.min", int(found[1]))
        node.carry("scale.max", int(found[2]))


def target(node: Node, key: str) -> None:
    """What scaling aims at: a number, or a table with a value."""
    value = node.at("value") if isinstance(node.value, dict) else node
    value.carry(key, value.number())


def rollout(node: Node) -> None:
    """How a new version takes over, and which alarms take it back."""
    rolling = node.at("rolling")
    if rolling.text() in ("default", "recreate"):
        least, most = (100, 200) if rolling.text() == "default" else (0, 100)
        rolling.carry("deploy.minimum_healthy_percent", least)
        rolling.carry("deploy.maximum_percent", most)
    alarms = node.at("rollback_alarms")
    for ours, theirs in (("cpu", "cpu_utilization"), ("memory", "memory_utilization")):
        alarms.at(theirs).carry(f"alarms.{ours}", alarms.at(theirs).number(), ALARMED)
