"""What is counted: requests and their time, by route and never by path."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import generate_latest as text

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds."""

router = APIRouter(include_in_schema=False)


class Metrics:
    """One application's metrics; `registry` takes in further ones."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        by = ("handler", "method", "status")
        self._requests = Counter("http_requests", "Requests", by, registry=self.registry)
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time until the last byte of the answer",
            by[:2],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, handler: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        key = (handler, method, status)
        if key not in self._known:
            self._known[key] = (
                self._requests.labels(handler, method, status),
                self._seconds.labels(handler, method),
            )
        counter, histogram = self._known[key]
        counter.inc()
        histogram.observe(seconds)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Everything in Prometheus' text format, for whoever asks this task itself."""
    if "x-forwarded-for" in request.headers:  # a load balancer's
        raise HTTPException(404)
    return Response(text(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
