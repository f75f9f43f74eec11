"""What MiniStack lacks, in one instance: CodeDeploy, Application Auto Scaling, shells."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from embedded_aws.patches import codedeploy as codedeploy_patches
from embedded_aws.patches import execute, refusals, services

if TYPE_CHECKING:
    from embedded_aws.ecs.scheduler import Scheduler
    from embedded_aws.loadbalancer.pool import Pool

LAMBDA = "EMBEDDED_AWS_LAMBDA"
"""Set to 1, hooks of deployments can be called: Lambda functions then run on this machine."""


class Additions:
    """The services that MiniStack lacks; made before it starts, after all other patches."""

    def __init__(self, pool: Pool, scheduler: Scheduler) -> None:
        from embedded_aws.autoscaling import service as autoscaling
        from embedded_aws.autoscaling.tracker import Tracker
        from embedded_aws.codedeploy import service as codedeploy
        from embedded_aws.codedeploy.runner import Runner
        from embedded_aws.codedeploy.sets import TaskSets

        sets = TaskSets(pool, scheduler.ending)
        self._runner = Runner(sets)
        self._tracker = Tracker()
        codedeploy_patches.apply(sets, self._runner.wake)
        execute.apply()
        refusals.apply()
        self._codedeploy = codedeploy.Service(services.codedeploy_problem, self._runner.wake)
        self._autoscaling = autoscaling.Service(services.scaling_problem, self._tracker.wake)
        if os.environ.get(LAMBDA) == "1":
            services.enable_lambda()
        services.register(codedeploy.NAME, codedeploy.PREFIX, self._codedeploy)
        services.register(autoscaling.NAME, autoscaling.PREFIX, self._autoscaling)

    def begin(self) -> None:
        """Start what acts by itself, once the state is loaded."""
        self._runner.start(self._codedeploy.store)
        self._tracker.start(self._autoscaling.store)

    def close(self) -> None:
        """Change nothing any more."""
        self._tracker.close()
        self._runner.close()
