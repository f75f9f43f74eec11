"""The target groups and listeners of a deployment group, as MiniStack keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import alb

from embedded_aws.codedeploy import traffic

Record = dict[str, Any]


class Problem(Exception):
    """Why a deployment can't go on: an error code of CodeDeploy's and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, kw_only=True)
class Route:
    """The pair of target groups, by name, and the listeners that send them traffic."""

    groups: Mapping[str, str]
    """ARN by name."""
    production: str
    test: str = ""

    @property
    def pair(self) -> tuple[str, ...]:
        return tuple(self.groups.values())

    def name(self, arn: str) -> str:
        """The name of a target group of the pair."""
        return next((name for name, known in self.groups.items() if known == arn), "")

    def other(self, arn: str) -> str:
        """The target group of the pair that is not `arn`."""
        return next(group for group in self.pair if group != arn)


def route(info: Mapping[str, Any]) -> Route:
    """The route of a deployment group's `loadBalancerInfo`; raises `Problem`."""
    pair = info["targetGroupPairInfoList"][0]
    known = {group["TargetGroupName"]: arn for arn, group in alb._tgs.items()}
    names = [group["name"] for group in pair["targetGroups"]]
    missing = [name for name in names if name not in known]
    if missing:
        message = f"The target group {missing[0]} could not be found"
        raise Problem("ELASTIC_LOAD_BALANCING_INVALID", _elb(message))
    production = pair["prodTrafficRoute"]["listenerArns"][0]
    tests = (pair.get("testTrafficRoute") or {}).get("listenerArns") or [""]
    for listener in filter(None, (production, tests[0])):
        if listener not in alb._listeners:
            message = f"The listener {listener} could not be found"
            raise Problem("ELASTIC_LOAD_BALANCING_INVALID", _elb(message))
    return Route(groups={name: known[name] for name in names}, production=production, test=tests[0])


def check_behind(listener: str, pair: tuple[str, ...], primary: str) -> None:
    """Raise what AWS answers when the listener sends the primary task set no traffic."""
    forwards = [a for actions in _actions(listener) for a in actions]
    named = [action for action in forwards if traffic.names_pair(action, pair)]
    if primary not in pair or not named:
        message = f"Primary taskset target group must be behind listener {listener}"
        raise Problem("ELASTIC_LOAD_BALANCING_INVALID", _elb(message))


def shift(listener: str, pair: tuple[str, ...], shares: Mapping[str, int]) -> None:
    """Give each group of the pair its share (%) in all actions of a listener that name the pair."""
    for record, field in _holders(listener):
        actions = record.get(field) or []
        if any(traffic.names_pair(action, pair) for action in actions):
            # One assignment: whoever reads meanwhile sees the old or the new actions.
            record[field] = traffic.rerouted(actions, pair, shares)


def share(listener: str, pair: tuple[str, ...], group: str) -> int:
    """The percent of the pair's traffic that a listener sends to a group of it."""
    for actions in _actions(listener):
        named = [action for action in actions if traffic.names_pair(action, pair)]
        if named:
            return traffic.share(named, group)
    return 0


def _actions(listener: str) -> Iterator[list[Record]]:
    for record, field in _holders(listener):
        yield record.get(field) or []


def _holders(listener: str) -> Iterator[tuple[Record, str]]:
    """Records with actions: the rules of a listener, its default one included, and itself."""
    for rule in list(alb._rules.values()):
        if rule.get("ListenerArn") == listener:
            yield rule, "Actions"
    found = alb._listeners.get(listener)
    if found:
        yield found, "DefaultActions"


def _elb(why: str) -> str:
    return f"The ELB could not be updated due to the following error: {why}"
