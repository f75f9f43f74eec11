"""From the files of a checkout to settings, or to one error with everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

from slipway.config.check import Problem
from slipway.config.layers import Merged, defaults
from slipway.config.manifest import Service
from slipway.config.nearest import did_you_mean, nearest
from slipway.config.problems import problems
from slipway.config.settings import Environment, Local, Notify, Settings
from slipway.config.sources import Sources, find_sources
from slipway.config.table import Table
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout

T = TypeVar("T", bound=Table)


def load(
    checkout: Checkout,
    environment: str,
    services: Sequence[str] = (),
    *,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings for one environment and the named services (none named: all).

    Raises `ConfigError` with every problem of every file, also of what was not asked for, and
    `UsageError` for a name that does not exist. `environ` stands for the process environment.
    """
    sources = read_all(checkout, environ=environ)
    known(environment, sources.environments, "environment", "--env")
    for name in services:
        known(name, sources.services, "service", "--service")
    return _settings(checkout, sources, environment, dict.fromkeys(services or sources.services))


def read_all(
    checkout: Checkout,
    *,
    environ: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Sources:
    """All files as they are, but of services that are left out; raises `ConfigError` as `load`."""
    found = find_sources(checkout, os.environ if environ is None else environ, defaults(), only)
    services = {name: file for name, file in found.services.items() if name not in without}
    return checked(replace(found, services=services))


def checked(sources: Sources) -> Sources:
    """The same, or `ConfigError` with every problem in them."""
    _raise(problems(sources))
    return sources


def load_local(checkout: Checkout, *, environ: Mapping[str, str] | None = None) -> Local:
    """The [local] table, for commands that are about no environment and no service."""
    sources = find_sources(checkout, os.environ if environ is None else environ, defaults())
    _raise([*sources.project.problems, *sources.problems])
    return build(Local, sources.merged_local().values)


def known(name: str, names: Iterable[str], what: str, flag: str) -> None:
    """Raise `UsageError` with the nearest name unless `name` is one of `names`."""
    names = list(names)
    if name in names:
        return
    meant = nearest(name, names)
    raise UsageError(
        f"no {what} called {name!r}{did_you_mean(meant)}; there are: {', '.join(names)}",
        next_step=f"pass {flag}={meant or '|'.join(names)}",
    )


def _raise(found: Sequence[Problem]) -> None:
    if found:
        lines = "\n".join(str(problem) for problem in found)
        raise ConfigError(lines, next_step="correct this; docs/configuration.md explains every key")


def _settings(
    checkout: Checkout, sources: Sources, environment: str, services: Iterable[str]
) -> Settings:
    project = sources.merged_project()
    local = sources.merged_local()
    notify = sources.merged_notify(environment)
    environments = {name: sources.merged_environment(name) for name in sources.environments}
    fleet = whole(sources, environment)
    chosen = {name: sources.merged_service(environment, name) for name in services}
    everywhere = {name: _environment(name, merged) for name, merged in environments.items()}
    return Settings(
        project=project.values["name"],
        owner=project.values["owner"],
        region=project.values["region"],
        environment=everywhere[environment],
        environments=everywhere,
        local=build(Local, local.values),
        notify=build(Notify, notify.values),
        services={
            name: build(Service, {**fleet[name], "folder": checkout.services / name})
            for name in chosen
        },
        all_services=tuple(sources.services),
        provenance={
            **_provenance("project", project),
            **_provenance("local", local),
            **_provenance("notify", notify),
            **_each("environments", environments),
            **_each("services", chosen),
        },
    )


def _environment(name: str, merged: Merged) -> Environment:
    return build(Environment, {**merged.values, "name": name})


def whole(sources: Sources, environment: str) -> dict[str, dict[str, Any]]:
    """The values of every service in an environment, with what follows from the others."""
    fleet = {name: sources.merged_service(environment, name).values for name in sources.services}
    called = {needed for values in fleet.values() for needed in values["needs"]}
    return {
        name: {
            **values,
            "calls": {each: _address(fleet[each]) for each in values["needs"]},
            "called": name in called,
        }
        for name, values in fleet.items()
    }


def _address(service: Mapping[str, Any]) -> dict[str, Any]:
    return {"port": service["port"], "path": service["route"]["path"]}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def build(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass from checked values, tables in it included."""
    hints = _hints(cast("type", kind))  # mypy takes type[T] for unhashable
    return kind(**{name: _built(hints[name], value) for name, value in values.items()})


def _built(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return build(cast("type[Table]", hint), value)
    # What has no type of its own, such as JSON, stays as it was read.
    inner = get_args(hint)
    if isinstance(value, Mapping) and inner:
        return {key: _built(inner[1], one) for key, one in value.items()}
    if isinstance(value, list) and inner:
        return tuple(_built(inner[0], one) for one in value)
    return value


def _each(above: str, merged: Mapping[str, Merged]) -> dict[str, str]:
    return {
        key: origin
        for name, one in merged.items()
        for key, origin in _provenance(f"{above}.{name}", one).items()
    }


def _provenance(above: str, merged: Merged) -> dict[str, str]:
    return {f"{above}.{key}": str(origin) for key, origin in merged.origins.items()}
