"""What is counted: requests and their time, by route and never by path."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric
from prometheus_client import generate_latest as text
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
BOUNDS = (*map(str, BUCKETS), "+Inf")

router = APIRouter(include_in_schema=False)


@dataclass
class Took:
    """The time that requests of one kind took: their sum, and how many fell into each bucket."""

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))


class Metrics(Collector):
    """One application's metrics; `registry` takes in further ones.

    Requests are counted in plain numbers and told only when somebody asks: they all end in one
    thread, and the library's own counters, which are made for many, take four times as long.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._took: defaultdict[tuple[str, str], Took] = defaultdict(Took)
        self.registry.register(self)

    def note(self, handler: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests[handler, method, status] += 1
        took = self._took[handler, method]
        took.seconds += seconds
        took.buckets[bisect_left(BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """What the registry asks of its collectors."""
        requests = CounterMetricFamily(
            "http_requests", "Requests", labels=("handler", "method", "status")
        )
        for (handler, method, status), number in self._requests.items():
            requests.add_metric((handler, method, str(status)), number)
        yield requests
        seconds = HistogramMetricFamily(
            "http_request_duration_seconds",
            "Time until the last byte of the answer",
            labels=("handler", "method"),
        )
        for labels, took in self._took.items():
            upto = list(zip(BOUNDS, accumulate(took.buckets), strict=True))
            seconds.add_metric(labels, upto, took.seconds)
        yield seconds


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Everything in Prometheus' text format, for whoever asks this task itself."""
    if "x-forwarded-for" in request.headers:  # a load balancer's
        raise HTTPException(404)
    return Response(text(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
