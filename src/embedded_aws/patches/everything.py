"""All patches together, checked before the first is applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from embedded_aws.patches import (
    apigateway,
    cloudwatch,
    codedeploy,
    discovery,
    ec2,
    ec2_fields,
    ecr,
    ecr_artifacts,
    ecr_layers,
    ecs,
    elasticache,
    elb,
    elb_view,
    execute,
    failing,
    iam,
    merge,
    process,
    rds,
    refusals,
    schedules,
    secrets,
    services,
    task_environment,
    task_network,
    task_secrets,
    wafv2,
)

if TYPE_CHECKING:
    from embedded_aws.ecs.scheduler import Scheduler
    from embedded_aws.loadbalancer.pool import Pool
    from embedded_aws.settings import Settings

SYMBOLS = merge(
    (
        *(ecr.SYMBOLS, ecs.SYMBOLS, elb.SYMBOLS, elb_view.SYMBOLS, process.SYMBOLS),
        *(ecr_artifacts.SYMBOLS, ecr_layers.SYMBOLS),
        *(cloudwatch.SYMBOLS, elasticache.SYMBOLS, rds.SYMBOLS),
        *(services.SYMBOLS, codedeploy.SYMBOLS, secrets.SYMBOLS, task_secrets.SYMBOLS),
        *(task_environment.SYMBOLS, task_network.SYMBOLS, discovery.SYMBOLS, schedules.SYMBOLS),
        *(execute.SYMBOLS, failing.SYMBOLS, refusals.SYMBOLS),
        *(apigateway.SYMBOLS, ec2.SYMBOLS, ec2_fields.SYMBOLS, iam.SYMBOLS, wafv2.SYMBOLS),
    )
)


def apply(
    settings: Settings, pool: Pool, scheduler: Scheduler, resolver: Callable[[], str]
) -> None:
    """Patch MiniStack; call `check(SYMBOLS)` before anything of it is used.

    `resolver` gives the address that tasks ask for names, or "".
    """
    ecr.apply(settings)
    ecr_layers.apply(settings)
    ecr_artifacts.apply()
    ecs.apply(settings, scheduler)
    discovery.apply(resolver)
    task_network.apply()
    elb.apply(pool)
    for service in (apigateway, cloudwatch, ec2, ec2_fields, iam, secrets, task_secrets, wafv2):
        service.apply()
    schedules.apply()
    process.apply()
