"""Task definition revisions: copying the template that Terraform owns. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTAINER = "app"
"""The container that carries the service's image; sidecars keep theirs."""

_ASSIGNED = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "enableFaultInjection",
    }
)
"""What ECS assigns itself; RegisterTaskDefinition refuses or ignores it."""

TaskDefinition = Mapping[str, Any]


def next_revision(
    template: TaskDefinition, tags: Sequence[Mapping[str, str]], image: str
) -> dict[str, Any]:
    """What to register: all of `template`, tags included, with `image` in the app container.

    Raises `ValueError` where the template has no container of that name.
    """
    containers = template["containerDefinitions"]
    if not any(container["name"] == CONTAINER for container in containers):
        raise ValueError(f"the template has no container {CONTAINER!r}")
    kept = {key: value for key, value in template.items() if key not in _ASSIGNED}
    kept["containerDefinitions"] = [
        {**container, "image": image} if container["name"] == CONTAINER else dict(container)
        for container in containers
    ]
    return {**kept, "tags": list(tags)} if tags else kept


def same(running: TaskDefinition, wanted: TaskDefinition) -> bool:
    """Whether a registered revision is what `wanted` would register, tags aside."""
    return bool(content(running) == content(wanted))


def image_of(definition: TaskDefinition) -> str:
    """The image of the app container, or "" where there is no such container."""
    for container in definition["containerDefinitions"]:
        if container["name"] == CONTAINER:
            return str(container["image"])
    return ""


def content(definition: TaskDefinition) -> Any:
    """What a revision says, comparable: without what ECS assigns, without tags and order."""
    kept = {key: value for key, value in definition.items() if key not in _ASSIGNED | {"tags"}}
    return _canonical(kept)


def _canonical(value: Any) -> Any:
    """Without empty members and without regard to order: ECS fills in and sorts as it likes."""
    if isinstance(value, Mapping):
        pairs = {key: _canonical(item) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item not in (None, [], {}, "")}
    if isinstance(value, list):
        items = [_canonical(item) for item in value]
        return sorted(items, key=repr) if all(isinstance(item, dict) for item in items) else items
    return value
