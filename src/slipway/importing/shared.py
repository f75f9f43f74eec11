"""What the sources have in common: sizes, routes, names of services."""

from __future__ import annotations

import re

from slipway.config.rules import ServiceName
from slipway.errors import ConfigError, UsageError
from slipway.importing.bounds import fits, size
from slipway.importing.draft import Around, Draft, Key, Node
from slipway.scaffold.routes import path_problem, shared_priority

DEFAULT_PORT = 8000
PRIVILEGED = 1024
SMALLEST = (256, 512)
"""The task of Copilot and of Fargate where nothing is said, in CPU units and MiB."""


def name_of(wanted: str, given: str, around: Around) -> str:
    """The service's name: what the user says, else what the source says, in our spelling.

    Raises `UsageError` for a name that no service can have, or that one has.
    """
    name = _name_of(wanted, given)
    if name in around.services:
        raise UsageError(
            f"import: services/{name}/service.toml is there already, and is not written over",
            next_step="move it away, or choose another name: --service=NAME",
        )
    return name


def _name_of(wanted: str, given: str) -> str:
    if given:
        if not fits(ServiceName, given):
            raise UsageError(
                f"import: --service={given}: must be 2 to 24 lowercase letters, digits and single "
                "hyphens, beginning with a letter"
            )
        return given
    spelled = re.sub("[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if not fits(ServiceName, spelled):
        raise UsageError(
            f"import: {wanted!r} can't be the name of a service here: 2 to 24 lowercase letters, "
            "digits and single hyphens, beginning with a letter",
            next_step="say how it is to be called: --service=NAME",
        )
    return spelled


def named(node: Node, name: str) -> None:
    """Say what became of the source's own name."""
    same = node.text() == name
    node.carry("name", name, "" if same else f"{node.text()} is called so here")


def sizes(cpu: Node, units: int | None, memory: Node, mebibytes: int | None) -> None:
    """CPU and memory, as the next pair that Fargate has; nothing where neither is a number."""
    if units is None and mebibytes is None:
        return
    draft, above = cpu.draft, cpu.above
    asked = (
        units if units is not None else draft.get(("cpu",)) or SMALLEST[0],
        mebibytes if mebibytes is not None else draft.get(("memory",)) or SMALLEST[1],
    )
    found = size(*asked)
    why = f"Fargate has no task of {asked[0]} units with {asked[1]} MiB; this is the next one"
    said = (units, mebibytes)
    for node, key, number, wanted, value in zip(
        (cpu, memory), ("cpu", "memory"), said, asked, found, strict=True
    ):
        if number is None:
            draft.set((*above, key), value)
        else:
            node.carry(key, value, "" if value == wanted else why)


def port(node: Node) -> None:
    """The port of the container, which runs without the right to a small one."""
    number = node.number()
    if number is not None and 0 < number < PRIVILEGED:
        why = f"the container has no right to port {number}: let the code listen on $PORT"
        node.carry("port", DEFAULT_PORT, why)
    else:
        node.carry("port", number)


def route(draft: Draft, name: str) -> None:
    """Give the service a path that nobody else has, and a priority for it in each environment."""
    if draft.get(("route", "path")) is None:
        draft.set(("route", "path"), f"/{name}")
        draft.todo.append(f"The source names no path for requests, so `route.path` is `/{name}`.")
    levels: list[Key] = [(), *(("environments", each) for each in draft.around.environments)]
    for level in levels:
        _free_path(draft, level, name)
    routes = dict.fromkeys(_route(draft, level) for level in levels)
    priority = shared_priority(routes, draft.around.taken)
    if priority is None:
        raise ConfigError(
            f"no priority is left for {', '.join(host + path for path, host in routes)} between "
            "those of the routes around it",
            next_step="change the `priority` of the services around it, then import once more",
        )
    draft.set(("route", "priority"), priority)


def _route(draft: Draft, level: Key) -> tuple[str, str]:
    """Path and host in an environment, or in all."""
    both = []
    for key in ("path", "host"):
        own = draft.get((*level, "route", key))
        both.append(own if own is not None else draft.get(("route", key)) or "")
    return both[0], both[1]


def _free_path(draft: Draft, level: Key, name: str) -> None:
    path, host = _route(draft, level)
    same = (each.service for each in draft.around.taken if (each.path, each.host) == (path, host))
    owner = next(same, "")
    taken = f"{host}{path} goes to {owner} already" if owner else ""
    problem = taken or ("" if host else path_problem(path, draft.around.taken))
    if problem:
        key = (*level, "route", "path")
        draft.set(key, f"/{name}")
        why = f"{problem}; change `route.path` of one of them to what it should be"
        if not draft.amend(key, "changed", why):
            draft.todo.append(f"`{'.'.join(key)}` is `/{name}`: {problem}.")
