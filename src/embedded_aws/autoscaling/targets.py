"""RegisterScalableTarget and its like. Pure over the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from embedded_aws.autoscaling.store import (
    Key,
    Store,
    checked_namespace,
    invalid,
    key_of,
    listed,
    matches,
)
from embedded_aws.json_api import ApiError, Handler, Record, Request, now

Problem = Callable[[Key], str]
"""Of a target: why it can't be scaled, or nothing."""

SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
TAGS_MOST = 50


class Targets:
    """The operations on scalable targets and their tags.

    `forgotten` is called with each policy that goes with its target, `changed` after each change.
    """

    def __init__(
        self,
        store: Store,
        problem: Problem,
        forgotten: Callable[[Record], None],
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._problem = problem
        self._forgotten = forgotten
        self._changed = changed

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "DeregisterScalableTarget": self.deregister,
            "DescribeScalableTargets": self.describe,
            "ListTagsForResource": self.list_tags,
            "RegisterScalableTarget": self.register,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def register(self, request: Request) -> Mapping[str, Any]:
        """Register a target, or change what is given of one that is registered."""
        key = key_of(request)
        problem = self._problem(key)
        if problem:
            raise ApiError("ValidationException", problem)
        record = self._merged(key, request)
        tags = _checked_tags(request.get("Tags") or {})
        if tags and key in self._store.targets:
            message = (
                "Tags can't be given for a scalable target that is registered: use TagResource"
            )
            raise ApiError("ValidationException", message)
        self._store.targets[key] = record
        self._store.tags.setdefault(record["ScalableTargetARN"], {}).update(tags)
        self._changed()
        return {"ScalableTargetARN": record["ScalableTargetARN"]}

    def _merged(self, key: Key, request: Request) -> Record:
        old = self._store.targets.get(key) or self._new(key)
        record = {**old, "SuspendedState": _suspended(old, request)}
        for field in ("MinCapacity", "MaxCapacity", "RoleARN"):
            if request.get(field) is not None:
                record[field] = request[field]
        for field in ("MinCapacity", "MaxCapacity"):
            if field not in record:
                message = f"{field} must be specified for a scalable target that is not registered"
                raise ApiError("ValidationException", message)
            if record[field] < 0:
                raise invalid(
                    field, record[field], "Member must have value greater than or equal to 0"
                )
        if record["MinCapacity"] > record["MaxCapacity"]:
            message = "Maximum capacity cannot be less than minimum capacity"
            raise ApiError("ValidationException", message)
        return record

    def _new(self, key: Key) -> Record:
        scope = self._store.scope()
        role = "aws-service-role/ecs.application-autoscaling.amazonaws.com"
        identifier = uuid4().hex + uuid4().hex[:4]
        where = f"arn:aws:application-autoscaling:{scope.region}:{scope.account}"
        return {
            "ServiceNamespace": key[0],
            "ResourceId": key[1],
            "ScalableDimension": key[2],
            "RoleARN": f"arn:aws:iam::{scope.account}:role/{role}/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            "CreationTime": now(),
            "ScalableTargetARN": f"{where}:scalable-target/{identifier}",
        }

    def describe(self, request: Request) -> Mapping[str, Any]:
        checked_namespace(request)
        wanted = request.get("ResourceIds")
        found = [
            record
            for record in list(self._store.targets.values())
            if matches(record, request) and (not wanted or record["ResourceId"] in wanted)
        ]
        return listed(found, request, "ScalableTargets")

    def deregister(self, request: Request) -> None:
        """Forget a target with its policies and scheduled actions."""
        key = key_of(request)
        record = self._store.target(key)
        for policy in self._store.policies_of(key):
            self._store.policies.pop((*key, policy["PolicyName"]), None)
            self._forgotten(policy)
        for name in [name for name in self._store.actions if tuple(name[:3]) == key]:
            self._store.actions.pop(name)
        self._store.targets.pop(key)
        self._store.activities.pop(key, None)
        self._store.tags.pop(record["ScalableTargetARN"], None)

    def list_tags(self, request: Request) -> Mapping[str, Any]:
        return {"Tags": self._tags(request)}

    def tag(self, request: Request) -> None:
        tags = self._tags(request)
        added = _checked_tags(request.get("Tags") or {})
        if len({**tags, **added}) > TAGS_MOST:
            message = f"A resource can't have more than {TAGS_MOST} tags"
            raise ApiError("TooManyTagsException", message)
        tags.update(added)

    def untag(self, request: Request) -> None:
        tags = self._tags(request)
        for name in request.get("TagKeys") or []:
            tags.pop(name, None)

    def _tags(self, request: Request) -> Record:
        wanted = request.get("ResourceARN")
        known = {record["ScalableTargetARN"] for record in self._store.targets.values()}
        if wanted not in known:
            message = f"The scalable target {wanted} does not exist"
            raise ApiError("ResourceNotFoundException", message, ResourceName=str(wanted))
        return self._store.tags.setdefault(wanted, {})


def _suspended(old: Record, request: Request) -> Record:
    before = old.get("SuspendedState") or {}
    asked = request.get("SuspendedState") or {}
    return {switch: bool(asked.get(switch, before.get(switch, False))) for switch in SWITCHES}


def _checked_tags(tags: Record) -> Record:
    for name in tags:
        if not name or len(name) > 128 or name.startswith("aws:"):
            raise invalid(
                "Tags", name, "Tag keys must be 1 to 128 characters without aws: in front"
            )
    return tags
