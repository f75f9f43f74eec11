"""All patches together, checked before the first is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.patches import ecr, ecs, elb, merge, process, services

if TYPE_CHECKING:
    from embedded_aws.ecs.scheduler import Scheduler
    from embedded_aws.loadbalancer.pool import Pool
    from embedded_aws.settings import Settings

SYMBOLS = merge((ecr.SYMBOLS, ecs.SYMBOLS, elb.SYMBOLS, process.SYMBOLS, services.SYMBOLS))


def apply(settings: Settings, pool: Pool, scheduler: Scheduler) -> None:
    """Patch MiniStack; call `check(SYMBOLS)` before anything of it is used."""
    ecr.apply(settings)
    ecs.apply(settings, scheduler)
    elb.apply(pool)
    process.apply()
