"""All that runs beside the APIs in one instance, with one begin and one end."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from embedded_aws.loadbalancer.listeners import Listeners
from embedded_aws.loadbalancer.pool import Pool
from embedded_aws.patches import check, elb, everything
from embedded_aws.saver import Saver, encoder
from embedded_aws.settings import Settings
from embedded_aws.version import source_version

log = logging.getLogger("embedded")

TICK = 0.25
"""Seconds between two looks at what the APIs changed."""


class Instance:
    """The additions to MiniStack; made before it starts, begun once it has loaded its state."""

    def __init__(self, settings: Settings) -> None:
        source_version()
        self.settings = settings
        self._pool = Pool(elb.view)
        check(everything.SYMBOLS)
        from ministack import app
        from ministack.core.container_reaper import instance_id

        from embedded_aws.ecs.scheduler import Scheduler
        from embedded_aws.loadbalancer.forward import application

        self._scheduler = Scheduler(self._pool, instance_id())
        everything.apply(settings, self._pool, self._scheduler)
        self._register()

        self._listeners = Listeners(elb.places, application)
        self._saver = Saver(settings.state, app._build_persistence_save_dict, encoder())
        self._loop: asyncio.Task[None] | None = None

    def _register(self) -> None:
        """Add the services that MiniStack lacks."""
        from embedded_aws.autoscaling import service as autoscaling
        from embedded_aws.codedeploy import service as codedeploy
        from embedded_aws.patches import services

        self._codedeploy = codedeploy.Service(services.codedeploy_problem, lambda: None)
        self._autoscaling = autoscaling.Service(services.scaling_problem, lambda: None)
        services.register(codedeploy.NAME, codedeploy.PREFIX, self._codedeploy)
        services.register(autoscaling.NAME, autoscaling.PREFIX, self._autoscaling)

    async def begin(self) -> None:
        """Start what follows the APIs."""
        self._loop = asyncio.create_task(self._follow())
        self._scheduler.start()
        self._saver.start()
        log.info("answering on http://127.0.0.1:%s", self.settings.port)

    async def close(self) -> None:
        """End everything that could change something, the state saved before tasks go."""
        log.info("stopping")
        await asyncio.to_thread(self._scheduler.close)
        await asyncio.to_thread(self._saver.stop)
        if self._loop:
            self._loop.cancel()
        await self._listeners.close()
        await self._pool.close()

    def summary(self) -> dict[str, Any]:
        """What runs, for the health path."""
        from ministack.services import alb, ecs

        tasks = [task for task in ecs._tasks.all_values() if task.get("lastStatus") == "RUNNING"]
        return {
            "tasks": len(tasks),
            "load_balancers": {
                lb["LoadBalancerName"]: f"http://{lb['DNSName']}" for lb in alb._lbs.all_values()
            },
            "problems": list(self._listeners.problems.values()),
        }

    async def _follow(self) -> None:
        while True:
            try:
                self._pool.follow()
                await self._listeners.follow()
            except Exception:
                log.exception("the load balancers can't follow")
            await asyncio.sleep(TICK)
