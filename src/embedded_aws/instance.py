"""All that runs beside the APIs in one instance, with one begin and one end."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

from embedded_aws.bridge.door import Door
from embedded_aws.contained import names
from embedded_aws.contained.own import Own
from embedded_aws.discovery.server import Names
from embedded_aws.faults import Faults
from embedded_aws.loadbalancer import published
from embedded_aws.loadbalancer.certificates import Certificates
from embedded_aws.loadbalancer.haproxy import Plane
from embedded_aws.loadbalancer.listeners import Listeners
from embedded_aws.loadbalancer.pool import Pool
from embedded_aws.loadbalancer.traffic import Traffic
from embedded_aws.patches import (
    check,
    discovery,
    elb_view,
    everything,
    failing,
    schedules,
    task_environment,
)
from embedded_aws.patches.cloudwatch import Watch
from embedded_aws.saver import Saver, encoder
from embedded_aws.settings import Settings
from embedded_aws.version import source_version

if TYPE_CHECKING:
    from ipaddress import IPv4Network

log = logging.getLogger("embedded")

SYSTEM = ("/usr/sbin", "/usr/local/sbin")
"""Where Debian has HAProxy, which is on the PATH of root alone."""

TICK = 0.25
"""Seconds between two looks at what the APIs changed."""


class Instance:
    """The additions to MiniStack; made before it starts, begun once it has loaded its state."""

    def __init__(self, settings: Settings) -> None:
        source_version()
        self.settings = settings
        self.own = Own(settings.contained) if settings.contained else None
        if self.own:
            published.tell(self.own.address, names.published(settings.port))
        self._pool = Pool(elb_view.view)
        check(everything.SYMBOLS)
        from ministack import app
        from ministack.core.container_reaper import instance_id

        from embedded_aws.additions import Additions
        from embedded_aws.databases.data import Data
        from embedded_aws.ecs.scheduler import Scheduler

        self._data = Data(settings, instance_id())
        self._scheduler = Scheduler(self._pool, instance_id())
        self._names = Names(discovery.zones)
        everything.apply(settings, self._pool, self._scheduler, lambda: self._names.address)
        self.faults = Faults(self._data.have)
        failing.apply(self.faults)
        self._additions = Additions(self._pool, self._scheduler)

        self._alarms = Watch()
        from embedded_aws.loadbalancer.publisher import Publisher

        self._door = Door(app.app, settings.port, task_environment.buckets)
        task_environment.apply(lambda: self._door.endpoint)
        self._traffic = Traffic()
        self._listeners = self._plane()
        connections = getattr(self._listeners, "connections", self._traffic.active)
        self._publisher = Publisher(self._pool, self._traffic, connections, elb_view.links)
        self._saver = Saver(settings.state, app._build_persistence_save_dict, encoder())
        self._loop: asyncio.Task[None] | None = None

    def _plane(self) -> Plane | Listeners:
        """What carries the traffic: HAProxy where there is one, else servers in this process."""
        certificates = Certificates(
            self.settings.folder / "certificates", self._data.authority.server
        )
        program = shutil.which("haproxy", path=os.pathsep.join((os.environ["PATH"], *SYSTEM)))
        if program and os.environ.get("EMBEDDED_AWS_FORWARDER") != "builtin":
            routes = partial(elb_view.routes, certificates)
            return Plane(program, self.settings.folder, self._pool, routes, self._traffic.note)
        from embedded_aws.loadbalancer.forward import application

        serves = partial(application, self._traffic)
        return Listeners(partial(elb_view.places, certificates), serves)

    async def begin(self) -> None:
        """Start what follows the APIs."""
        await asyncio.to_thread(self._data.begin)
        if subnet := self._data.subnet:
            address = await asyncio.to_thread(self._gateway, subnet)
            self._door.open(subnet, address)
            self._names.open(subnet, address)
        self._loop = asyncio.create_task(self._follow())
        self._scheduler.start()
        self._additions.begin()
        self._alarms.start()
        self._publisher.start()
        self._saver.start()
        log.info("answering on http://127.0.0.1:%s", self.settings.port)

    def _gateway(self, subnet: IPv4Network) -> str:
        """Where tasks find this: their network's gateway, or a member of it in a container."""
        return self.own.join(self._data.network, subnet) if self.own else str(subnet[1])

    async def close(self) -> None:
        """End everything that could change something, the state saved before tasks go."""
        log.info("stopping")
        schedules.closed.set()
        await asyncio.to_thread(self._publisher.stop)
        await asyncio.to_thread(self._alarms.stop)
        await asyncio.to_thread(self._additions.close)
        await asyncio.to_thread(self._scheduler.close)
        await asyncio.to_thread(self._saver.stop)
        await asyncio.to_thread(self._data.close)
        if self._loop:
            self._loop.cancel()
        await asyncio.to_thread(self._names.close)
        await self._door.close()
        await self._listeners.close()
        await self._pool.close()

    def summary(self) -> dict[str, Any]:
        """What runs, for the health path."""
        from ministack.services import ecs

        tasks = [task for task in ecs._tasks.all_values() if task.get("lastStatus") == "RUNNING"]
        return {
            "tasks": len(tasks),
            "load_balancers": elb_view.urls(),
            "container": self.settings.contained,
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
