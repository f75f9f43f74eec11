"""Services that a deploy goes on without: they failed before their rollout, or wait in vain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from slipway.errors import SlipwayError
from slipway.model import Verdict
from slipway.release.order import waiting_in_vain
from slipway.rollout.cause import Cause
from slipway.rollout.model import Outcome

if TYPE_CHECKING:
    from slipway.release.progress import Progress
    from slipway.release.world import Site

S = TypeVar("S", bound="Site")


def only(site: S, names: Collection[str]) -> S:
    """`site` with these of its services alone."""
    services = {name: each for name, each in site.settings.services.items() if name in names}
    return replace(site, settings=replace(site.settings, services=services))


def going(site: S, progress: Progress) -> S:
    """`site` with the services whose deploy goes on."""
    return only(site, [name for name in site.settings.services if name not in progress.settled])


def fail(site: Site, progress: Progress, errors: Mapping[str, SlipwayError]) -> None:
    """Settle services as failed and go on without them.

    Raises the first error where that leaves nothing of the whole deploy.
    """
    for name, error in errors.items():
        progress.settled[name] = failed(error)
    if errors and not set(progress.chosen) - progress.settled.keys():
        first, *others = errors.values()
        for error in others:
            site.console.warn(str(error))
        raise first
    for name, error in errors.items():
        site.console.warn(f"{name}: {error.message.partition(chr(10))[0]}; the others go on")


def failed(error: SlipwayError) -> Outcome:
    """The outcome of a service that an error ended before anything of it was rolled out."""
    first, _, rest = error.message.partition("\n")
    cause = Cause(title=first, remedy=error.next_step, lines=tuple(rest.splitlines()))
    reason = f"{first}; nothing was rolled out"
    return Outcome(verdict=Verdict.FAILED, reason=reason, cause=cause)


def skip(site: Site, progress: Progress) -> None:
    """Settle the services of `site` that need one which did not come up."""
    services = site.settings.services
    needs = {name: each.needs for name, each in services.items()}
    for name, needed in waiting_in_vain(services, needs, progress.bad).items():
        reason = f"needs {needed}, which did not come up; it was not started"
        progress.settled[name] = Outcome(verdict=Verdict.SKIPPED, reason=reason)
        site.console.warn(f"{name}: {reason}")
