"""What the template's own hook asks, where cookiecutter is called without `invoke new`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from slipway.errors import UsageError
from slipway.paths import find_checkout
from slipway.scaffold import service
from slipway.scaffold.answers import Around, Options, problems
from slipway.scaffold.routes import priority_problem


def check(values: Mapping[str, str], folder: Path) -> None:
    """Refuse answers that `invoke new` would refuse; `folder` is the new one, still empty.

    Raises `UsageError` with all that is wrong, and `ConfigError` outside a checkout.
    """
    checkout = find_checkout(folder)
    if folder.parent != checkout.services:
        raise UsageError(f"{folder}: a service's folder belongs into {checkout.services}")
    found = wrong(values, service.look(checkout, without=folder.name))
    if found:
        raise UsageError("\n".join(f"{name}={values[name]}: {found[name]}" for name in found))


def wrong(values: Mapping[str, str], around: Around) -> dict[str, str]:
    """What is wrong with each answer, by its name; pure.

    cookiecutter answers every question, also those that the kind of the service has no use for.
    """
    options = Options(**{f.name: values.get(f.name, "") for f in fields(Options)})
    if options.kind == "job":
        return problems(replace(options, route=""), around)
    found = problems(replace(options, schedule=""), around)
    priority = priority_problem(options.route, values["priority"], around.routes)
    return {**found, "priority": priority} if priority and "route" not in found else found
