"""Publishes AWS/ECS CPUUtilization and MemoryUtilization of each service, once a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, ecs

from embedded_aws.autoscaling.usage import Sample, cpu_percent, memory_percent, sample
from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.ecs.tasks import is_live, tasks_of

log = logging.getLogger("embedded.scaling")
Record = dict[str, Any]

EVERY = max(1.0, MINUTE)
"""Seconds between two samples."""

KEPT = 3 * 3600.0
"""Seconds for which values are kept: the state is copied often, and no alarm looks back further."""

SIDE_BY_SIDE = 4


class Metrics:
    """Samples of all containers of all services, and what follows from them."""

    def __init__(self) -> None:
        self._last: dict[str, Sample] = {}
        self._due = 0.0

    def publish(self) -> None:
        """Sample and publish, if it is time again."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + EVERY
        seen: dict[str, Sample] = {}
        for (account, region, _), service in ecs._services.all_items():
            if service.get("status") == "ACTIVE":
                with request_scope(account, region):
                    self._publish(service, seen)
        self._last = seen

    def _publish(self, service: Record, seen: dict[str, Sample]) -> None:
        tasks = [task for task in tasks_of(service) if is_live(task)]
        names = {
            "ClusterName": str(service["clusterArn"]).rsplit("/", 1)[-1],
            "ServiceName": service["serviceName"],
        }
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as threads:
            found = list(threads.map(_sample, tasks))
        for task, samples in zip(tasks, found, strict=True):
            seen.update(samples)
            for metric, value in self._values(task, samples).items():
                cloudwatch.record_metric("AWS/ECS", metric, value, "Percent", names)
        for metric in ("CPUUtilization", "MemoryUtilization"):
            _forget_old(metric, names)

    def _values(self, task: Record, samples: Mapping[str, Sample]) -> dict[str, float]:
        """The metrics of one task: the sums of its containers."""
        reserved = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
        units, mib = int(reserved.get("cpu") or 0), int(reserved.get("memory") or 0)
        cpu = [
            cpu_percent(self._last[identifier], now, units)
            for identifier, now in samples.items()
            if identifier in self._last
        ]
        memory = [memory_percent(now, mib) for now in samples.values()]
        values = {"CPUUtilization": cpu, "MemoryUtilization": memory}
        return {
            name: sum(v for v in found if v is not None)
            for name, found in values.items()
            if any(value is not None for value in found)
        }


def _sample(task: Record) -> dict[str, Sample]:
    """Samples of a task's containers by their ids."""
    client = ecs._get_docker()
    found = {}
    for identifier in list(task.get("_docker_ids") or []) if client else []:
        try:
            stats = client.api.stats(identifier, stream=False, one_shot=True)
        except Exception as error:
            # Gone meanwhile, or the engine is busy: the next sample tells.
            log.debug("no statistics of %s: %s", identifier[:12], error)
            continue
        taken = sample(stats, time.time())
        if taken:
            found[identifier] = taken
    return found


def _forget_old(metric: str, names: Mapping[str, str]) -> None:
    key = ("AWS/ECS", metric, cloudwatch._dims_key(dict(names)))
    points = cloudwatch._metrics.get(key) or []
    edge = time.time() - KEPT
    while points and points[0]["Timestamp"] < edge:
        points.pop(0)
