"""What a deploy refuses before it changes anything."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.config import Service, Settings
from slipway.errors import DeployError


def refuse(settings: Settings) -> None:
    """Raise `DeployError` with everything that a deploy of `settings` could not do."""
    if found := refusals(settings):
        raise DeployError("\n".join(found), next_step="change this, or deploy the others alone")


def refusals(settings: Settings) -> list[str]:
    """What is asked of a deploy that it can't do yet, a line each."""
    return [line for service in settings.services.values() for line in _unready(service)]


def _unready(service: Service) -> Iterator[str]:
    """Settings that are valid, and that nothing acts upon yet."""
    if service.deploy.strategy != "rolling":
        yield (
            f'{service.name}: deploy.strategy "{service.deploy.strategy}" can\'t be rolled out '
            'yet; set it to "rolling"'
        )
