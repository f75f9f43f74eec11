"""All patches together, checked before the first is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.patches import check, ecr, elb, merge, process

if TYPE_CHECKING:
    from embedded_aws.loadbalancer.pool import Pool
    from embedded_aws.settings import Settings

SYMBOLS = merge((ecr.SYMBOLS, elb.SYMBOLS, process.SYMBOLS))


def apply(settings: Settings, pool: Pool) -> None:
    """Patch MiniStack; raises `CannotRun` where it is not as the patches need it."""
    check(SYMBOLS)
    ecr.apply(settings)
    elb.apply(pool)
    process.apply()
