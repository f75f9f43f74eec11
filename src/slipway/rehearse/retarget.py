"""The settings of an environment, turned to a throw-away embedded AWS; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from slipway.aws import EMBEDDED_ACCOUNT
from slipway.config import Environment, Service, Settings
from slipway.config.settings import NOBODY

MINUTE = 60.0
"""Seconds of a minute that nobody has shortened."""


def retarget(settings: Settings, port: int) -> Settings:
    """`settings` with every environment on the embedded AWS at `port`, and nobody told anything.

    Sizes, strategies, health checks, scaling and protection stay as they are.
    """
    environments = {name: embedded(each) for name, each in settings.environments.items()}
    return replace(
        settings,
        environment=environments[settings.environment.name],
        environments=environments,
        local=replace(settings.local, port=port),
        notify=NOBODY,
        services={name: without_hooks(each) for name, each in settings.services.items()},
    )


def embedded(environment: Environment) -> Environment:
    """The environment in the embedded AWS's one account."""
    return replace(environment, target="embedded", account_id=EMBEDDED_ACCOUNT, role_arn="")


def without_hooks(service: Service) -> Service:
    """The service without its Lambda functions, which are in the account alone."""
    hooks = service.deploy.hooks
    none = replace(hooks, **{each.name: "" for each in fields(hooks)})
    return replace(service, deploy=replace(service.deploy, hooks=none))


def changes(settings: Settings, clock: float) -> tuple[str, ...]:
    """What a rehearsal of `settings` has otherwise than the environment, a line each."""
    return tuple(_changes(settings, clock))


def _changes(settings: Settings, clock: float) -> Iterator[str]:
    environment = settings.environment
    if environment.target == "aws":
        yield f"target: the account {environment.account_id} → an embedded AWS of its own"
    yield f"a minute of shifts, standby, bake time and alarms: 60 s → {clock:g} s"
    if settings.notify != NOBODY:
        yield "notifications: none are sent"
    for service in settings.services.values():
        hooks = service.deploy.hooks
        if any(getattr(hooks, each.name) for each in fields(hooks)):
            yield f"{service.name}: deploy.hooks are left out: the functions are in the account"
        if service.secrets or service.parameters:
            yield (
                f"{service.name}: secrets and parameters have the values of its local.env, "
                f"or {DUMMY!r}"
            )


DUMMY = "rehearsal"
"""What a secret and a parameter of a rehearsal is, for which there is no value on this machine."""
