"""Publishes AWS/ApplicationELB, which alarms and target tracking read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.loadbalancer.figures import Datum, Hosts, figures
from embedded_aws.loadbalancer.pool import Pool
from embedded_aws.loadbalancer.traffic import Traffic

log = logging.getLogger("embedded.traffic")

NAMESPACE = "AWS/ApplicationELB"

EVERY = max(1.0, MINUTE / 4)
"""Seconds between two publications: periods of alarms slide, so a quarter is near enough."""

KEPT = 3600.0
"""Seconds for which values are kept, as the state is copied often."""


class Publisher:
    """Takes the sums of the traffic and the health of the targets again and again."""

    def __init__(
        self,
        pool: Pool,
        traffic: Traffic,
        connections: Callable[[], Mapping[str, int]],
        links: Callable[[], set[tuple[str, str]]],
    ) -> None:
        self._pool = pool
        self._traffic = traffic
        self._connections = connections
        self._links = links
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-traffic")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _loop(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self._publish()
            except Exception:
                log.exception("the load balancers' metrics are not published")

    def _publish(self) -> None:
        hosts = {(balancer, group): self._hosts(group) for balancer, group in self._links()}
        connections = self._connections() if hosts else {}
        for balancer, datum in figures(self._traffic.take(), hosts, connections):
            _, _, _, region, account, *_ = balancer.split(":")
            with request_scope(account, region):
                _put(datum, time.time())

    def _hosts(self, group: str) -> Hosts:
        states = [self._pool.shown(target).state for target in self._pool.of(group)]
        healthy = sum(state in ("healthy", "unavailable") for state in states)
        return Hosts(healthy, states.count("unhealthy"))


def _put(datum: Datum, now: float) -> None:
    """A value in the account and region that are set; what is old goes."""
    dimensions = dict(datum.dimensions)
    key = (NAMESPACE, datum.name, cloudwatch._dims_key(dimensions))
    points: list[dict[str, Any]] = cloudwatch._metric_bucket(key)
    points.append(
        {
            "Timestamp": now,
            "Value": float(datum.value),
            "Unit": datum.unit,
            "Count": float(datum.samples),
            "Dimensions": dimensions,
        }
    )
    while points[0]["Timestamp"] < now - KEPT:
        points.pop(0)
