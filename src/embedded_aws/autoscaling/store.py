"""What Application Auto Scaling remembers, and the checks that most operations share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from embedded_aws.json_api import ApiError, Record, Scope, page

NAMESPACES = (
    *("ecs", "elasticmapreduce", "ec2", "appstream", "dynamodb", "rds", "sagemaker"),
    *("custom-resource", "comprehend", "lambda", "cassandra", "kafka", "elasticache"),
    *("neptune", "workspaces"),
)
DESIRED_COUNT = "ecs:service:DesiredCount"
PAGE = 50
ACTIVITIES_KEPT = 200

Key = tuple[str, str, str]
"""Namespace, resource and dimension: what can be scaled."""


@dataclass
class Store:
    """Records by key, of the account and region that `scope` tells.

    Policies and scheduled actions have their name as the fourth part of their key, tags the ARN of
    their target. `activities` has the list of a target's scaling activities, newest first, under
    `entries`.
    """

    scope: Callable[[], Scope]
    targets: MutableMapping[Any, Record] = field(default_factory=dict)
    policies: MutableMapping[Any, Record] = field(default_factory=dict)
    actions: MutableMapping[Any, Record] = field(default_factory=dict)
    activities: MutableMapping[Any, Record] = field(default_factory=dict)
    tags: MutableMapping[Any, Record] = field(default_factory=dict)

    def target(self, key: Key) -> Record:
        """The registered target; raises what AWS answers without it."""
        found = self.targets.get(key)
        if found is None:
            message = f"No scalable target registered for {described(key)}"
            raise ApiError("ObjectNotFoundException", message)
        return found

    def policies_of(self, key: Key) -> list[Record]:
        return [policy for name, policy in list(self.policies.items()) if tuple(name[:3]) == key]

    def note(self, key: Key, activity: Record) -> None:
        """Add a scaling activity of a target."""
        before = (self.activities.get(key) or {}).get("entries") or []
        self.activities[key] = {"entries": [activity, *before][:ACTIVITIES_KEPT]}


def described(key: Key) -> str:
    """A target in the words of AWS's errors."""
    return f"service namespace: {key[0]}, resource ID: {key[1]}, scalable dimension: {key[2]}"


def key_of(request: Mapping[str, Any]) -> Key:
    """The target that a request names."""
    for name in ("ServiceNamespace", "ResourceId", "ScalableDimension"):
        if not request.get(name):
            raise invalid(name, None, "Member must not be null")
    checked_namespace(request)
    key = (request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"])
    if not key[2].startswith(f"{key[0]}:"):
        message = f"Scalable dimension {key[2]} is not supported for service namespace {key[0]}"
        raise ApiError("ValidationException", message)
    if key[2] == DESIRED_COUNT and len(service_of(key[1])) != 2:
        message = f"Unsupported service namespace, resource type or scalable dimension: {key[1]}"
        raise ApiError("ValidationException", message)
    return key


def service_of(resource: str) -> tuple[str, ...]:
    """Cluster and service of `service/<cluster>/<service>`; nothing of anything else."""
    kind, *names = resource.split("/")
    return tuple(names) if kind == "service" and len(names) == 2 and all(names) else ()


def checked_namespace(request: Mapping[str, Any]) -> str:
    namespace = request.get("ServiceNamespace")
    if namespace not in NAMESPACES:
        among = f"Member must satisfy enum value set: [{', '.join(NAMESPACES)}]"
        raise invalid("ServiceNamespace", namespace, among)
    return str(namespace)


def invalid(name: str, value: Any, constraint: str) -> ApiError:
    """AWS's error for a parameter that breaks a rule of the model."""
    member = name[:1].lower() + name[1:]
    shown = "null" if value is None else f"'{value}'"
    message = (
        f"1 validation error detected: Value {shown} at '{member}' failed to satisfy "
        f"constraint: {constraint}"
    )
    return ApiError("ValidationException", message)


def listed(found: list[Record], request: Mapping[str, Any], name: str) -> Record:
    """One page of an answer's list."""
    size = min(int(request.get("MaxResults") or PAGE), PAGE)
    bad = ApiError("InvalidNextTokenException", "Invalid NextToken")
    entries, token = page(found, request.get("NextToken"), size, bad)
    return {name: entries, **({"NextToken": token} if token else {})}


def matches(record: Record, request: Mapping[str, Any]) -> bool:
    """Whether a record belongs to the namespace, resource and dimension that are asked for."""
    return all(
        request.get(name) in (None, record[name])
        for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")
    )


def arn(scope: Scope, kind: str, key: Key, suffix: str) -> str:
    """The ARN of a policy or scheduled action: they are those of `autoscaling`."""
    resource = f"resource/{key[0]}/{key[1]}"
    return (
        f"arn:aws:autoscaling:{scope.region}:{scope.account}:{kind}:{uuid4()}:{resource}:{suffix}"
    )
