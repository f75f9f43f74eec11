"""The settings in force, flat: key, value and where the value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from slipway.config.layers import leaves
from slipway.config.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Effective:
    """One setting in force."""

    key: str
    value: object
    origin: str


def effective(settings: Settings) -> list[Effective]:
    """The settings of the chosen environment and services, in the order of the tables."""
    return [
        Effective(key=key, value=_written(value), origin=settings.provenance[key])
        for key, value in leaves(_tree(settings))
        if key in settings.provenance
    ]


def _written(value: object) -> object:
    """A value as files have it: with lists."""
    return list(value) if isinstance(value, tuple) else value


def _tree(settings: Settings) -> Mapping[str, Any]:
    """Settings as the files have them."""
    environment = settings.environment
    return {
        "project": {
            "name": settings.project,
            "owner": settings.owner,
            "region": settings.region,
        },
        "local": asdict(settings.local),
        "notify": asdict(settings.notify),
        "environments": {environment.name: asdict(environment)},
        "services": {name: asdict(service) for name, service in settings.services.items()},
    }
