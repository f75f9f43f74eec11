"""From what is wished to a plan: services, their files, free ports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway import tools
from slipway.config import Service, Settings, load, local_values
from slipway.dev import plan as planning
from slipway.dev import ports, stores
from slipway.dev.plan import SEEDS, DevService, Plan, Seen
from slipway.dev.program import command_in
from slipway.dev.variables import Ports
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for: these services (none named: all that serve), as `environment` has them."""

    environment: str
    services: tuple[str, ...]
    fresh: bool = False
    json: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The settings, and the services that are to run, those that are needed first."""

    settings: Settings
    services: tuple[Service, ...]

    @property
    def stores(self) -> bool:
        """Whether any of them keeps data."""
        return any(one.database.enabled or one.cache.enabled for one in self.services)


def choose(checkout: Checkout, wish: Wish) -> Choice:
    """What is wished and all that it needs. Raises `UsageError` for a name that is none."""
    load(checkout, wish.environment, wish.services)
    settings = load(checkout, wish.environment)
    needs = {name: one.needs for name, one in settings.services.items()}
    serving = tuple(name for name, one in settings.services.items() if one.serves)
    if not wish.services and not serving:
        raise UsageError(
            "no service here serves all the time, so there is nothing to keep running",
            next_step=f"name one whose job is to be run: --service={next(iter(needs))}",
        )
    names = planning.in_order(needs, wish.services or serving)
    return Choice(settings=settings, services=tuple(settings.services[name] for name in names))


def look(checkout: Checkout, choice: Choice) -> Plan:
    """The plan for what is chosen, at ports that are free now."""
    wanted = planning.wanted_ports(choice.services)
    found = ports.choose(wanted, noted_ports(checkout), stores.is_free)
    return planned(checkout, choice.settings, choice.services, found)


def planned(
    checkout: Checkout, settings: Settings, services: Sequence[Service], found: Ports
) -> Plan:
    """The plan for these services at these ports."""
    seen = {service.name: see(checkout, service) for service in services}
    return planning.plan(settings, seen, found, tools.uv())


def see(checkout: Checkout, service: Service) -> Seen:
    """What there is of a service. Raises `ConfigError` where there is nothing to run."""
    first = next(iter(service.jobs.values()), None)
    return Seen(
        program=first.command if first and not service.serves else _served(checkout, service),
        local=local_values(service),
        seeds=(service.folder / SEEDS).is_file(),
    )


def _served(checkout: Checkout, service: Service) -> tuple[str, ...]:
    file = service.folder / "Dockerfile"
    shown = checkout.shown(file)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{shown}: {error.strerror}: it says what a service runs",
            next_step="write it, or copy that of another service",
        ) from error
    return command_in(text, shown)


def noted_ports(checkout: Checkout) -> dict[str, int]:
    """The ports of earlier runs."""
    try:
        found: dict[str, int] = json.loads(_noted(checkout).read_text())
    except (OSError, ValueError):
        return {}
    return found


def note_ports(checkout: Checkout, found: Ports) -> None:
    """Remember ports for later runs."""
    file = _noted(checkout)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**noted_ports(checkout), **found}, indent=2))


def _noted(checkout: Checkout) -> Path:
    return checkout.work / "dev" / "ports.json"


def noted(checkout: Checkout, choice: Choice) -> Plan:
    """The plan, its ports remembered."""
    plan = look(checkout, choice)
    note_ports(checkout, plan.ports)
    return plan


def plan_again(checkout: Checkout, wish: Wish, plan: Plan, name: str) -> DevService:
    """How a service runs by its files as they are now.

    Raises `ConfigError` where these are wrong, or ask for what was not started.
    """
    settings = load(checkout, wish.environment)
    service, before = settings.services[name], plan.services[name]
    data = (service.database.enabled, service.cache.enabled)
    if (service.needs, data) != (before.needs, before.data):
        raise ConfigError(
            f"services/{name}/service.toml: it needs others, or other data, than before",
            next_step="start invoke dev again",
        )
    return planned(checkout, settings, [service], plan.ports).services[name]
