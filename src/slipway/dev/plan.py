"""What is to run on this machine, and how; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.command import Command, command
from slipway.config import Service, Settings
from slipway.dev import ports as where
from slipway.dev.variables import (
    Ports,
    account,
    cache_url,
    database_url,
    missing,
    url,
    variables,
)
from slipway.release.order import waves

SEEDS = "seeds.py"
"""A program in a service's folder that fills its database; it is in no image."""

REPLAN = ("service.toml", "local.env", "slipway.toml", "Dockerfile")
"""Files whose change makes another plan."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found of a service; `local` are its values for this machine."""

    program: tuple[str, ...]
    local: Mapping[str, str]
    seeds: bool


@dataclass(frozen=True, kw_only=True)
class DevService:
    """A service as it runs here. `before` are the commands that end before it starts.

    `port` is 0 for one that serves nobody: its program runs once. `data` says which stores it has;
    `missing` which of its secrets and parameters have no value.
    """

    name: str
    program: Command
    before: tuple[Command, ...]
    url: str
    port: int
    health: str
    needs: tuple[str, ...]
    data: tuple[bool, bool]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is to run, those that are needed first, and where it listens."""

    services: Mapping[str, DevService]
    ports: Ports

    @property
    def databases(self) -> tuple[str, ...]:
        """The database accounts that there have to be."""
        return tuple(account(one.name) for one in self.services.values() if one.data[0])

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The table of addresses: service, URL, database, cache."""
        return [
            (
                one.name,
                one.url,
                database_url(one.name, self.ports[where.POSTGRES]) if one.data[0] else "-",
                cache_url(self.ports[where.REDIS]) if one.data[1] else "-",
            )
            for one in self.services.values()
        ]


def in_order(needs: Mapping[str, Sequence[str]], chosen: Iterable[str]) -> tuple[str, ...]:
    """The chosen services and all that they need, themselves or through others, those first."""
    found: dict[str, Sequence[str]] = {}
    left = list(chosen)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = needs[name]
            left += needs[name]
    return tuple(name for wave in waves(found, at_most=len(found) or 1) for name in wave)


def wanted_ports(services: Iterable[Service]) -> dict[str, int]:
    """Where each service and each store would listen if it could choose."""
    services = tuple(services)
    stores = {
        where.POSTGRES: any(one.database.enabled for one in services),
        where.REDIS: any(one.cache.enabled for one in services),
    }
    return {
        **{one.name: one.port for one in services if one.serves},
        **{name: where.STORES[name] for name, used in stores.items() if used},
    }


def plan(settings: Settings, seen: Mapping[str, Seen], ports: Ports, uv: Path) -> Plan:
    """The plan for the services that were looked at, in that order."""
    services = {
        name: dev_service(settings.services[name], settings, one, ports, uv)
        for name, one in seen.items()
    }
    return Plan(ports=ports, services=services)


def dev_service(
    service: Service, settings: Settings, seen: Seen, ports: Ports, uv: Path
) -> DevService:
    """How one service runs: each of its programs in the environment of its lock file."""
    env = variables(service, settings, ports, seen.local)

    def run(*words: str) -> Command:
        return command(uv, "run", "--frozen", *words, env=env, cwd=service.folder, mutates=True)

    migrate = (run(*service.database.migrate),) if service.database.migrate else ()
    seeds = (run("python", SEEDS),) if seen.seeds else ()
    return DevService(
        name=service.name,
        program=run(*seen.program),
        before=(*migrate, *seeds),
        url=url(service, ports) if service.serves else "-",
        port=ports[service.name] if service.serves else 0,
        health=service.health.path,
        needs=service.needs,
        data=(service.database.enabled, service.cache.enabled),
        missing=missing(service, seen.local),
    )


def prepares(changed: Iterable[str]) -> bool:
    """Whether these changes, paths in the service's folder, may be of migrations or seeds."""
    return any("migrat" in path or path == SEEDS for path in changed)


def replans(changed: Iterable[str]) -> bool:
    """Whether these changes may make another plan."""
    return any(path in REPLAN for path in changed)
