"""Hold a draft to the configuration's own rules: what they refuse is left out, and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.config.check import Problem, check
from slipway.config.load import checked
from slipway.config.manifest import ServiceFile
from slipway.config.problems import problems
from slipway.config.sources import File, Sources
from slipway.importing.draft import Draft, Key

INSTEAD = "choose what should be there instead"


def fit(draft: Draft, service: str, sources: Sources) -> None:
    """Leave out of a draft what the configuration would refuse.

    Raises `ConfigError` for what is wrong between the services and not by a key of the draft.
    """
    shown = f"services/{service}/service.toml"
    while found := refused(draft, service, shown, sources):
        problem, key = found
        drop(draft, key, problem.reason)
    checked(with_draft(draft.values, service, shown, sources))


def refused(draft: Draft, service: str, shown: str, sources: Sources) -> tuple[Problem, Key] | None:
    """The first problem that a key of the draft has, and that key."""
    alone = check(ServiceFile, draft.values, shown)
    for problem in alone or problems(with_draft(draft.values, service, shown, sources)):
        key = tuple(problem.place.removeprefix(f"{shown}: ").split("."))
        own = problem.place.startswith(f"{shown}: ")
        for candidate in (key, *problem.keys[:1]) if own else ():
            if draft.get(candidate) is not None:
                return problem, candidate
    return None


def drop(draft: Draft, key: Key, reason: str) -> None:
    """Take a key out of the draft; one secret, where the reason is about that one."""
    first = reason.split(" ")[0]
    table = draft.table(key[:-1])
    if key[-1] == "secrets" and first in table["secrets"]:
        table["secrets"].remove(first)
        key = (*key, first)
    else:
        del table[key[-1]]
        if not table and len(key) > 1:
            del draft.table(key[:-2])[key[-2]]
    why = f"{reason}; {INSTEAD}"
    if not draft.amend(key, "left", why):
        draft.todo.append(f"`{'.'.join(key)}` is left out: {why}.")


def with_draft(values: Mapping[str, Any], service: str, shown: str, sources: Sources) -> Sources:
    """The configuration as it would be with the draft in it."""
    file = File(shown=shown, values=values, problems=tuple(check(ServiceFile, values, shown)))
    return replace(
        sources,
        services={**sources.services, service: file},
        local_values={service: (), **sources.local_values},
    )
