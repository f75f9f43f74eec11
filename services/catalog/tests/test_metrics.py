"""What is counted, and who may see it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient


def test_requests_are_counted_by_route(client_below: Callable[[str], TestClient]) -> None:
    """A series per route, not per path: names in paths must not make endless ones."""
    client = client_below("/shop")
    for path in ("/shop/v1/hello/Ada", "/shop/v1/hello/Grace", "/health", "/nowhere"):
        client.get(path)
    text = client.get("/metrics").text
    labels = 'handler="/v1/hello/{name}",method="GET"'
    assert "http_requests_total{" + labels + ',status="200"} 2.0' in text
    assert "http_request_duration_seconds_count{" + labels + "} 2.0" in text
    assert 'handler="none",method="GET",status="404"' in text
    assert "Ada" not in text
    assert "/health" not in text


def test_metrics_are_not_public(client_below: Callable[[str], TestClient]) -> None:
    """Neither below the route nor, for a service that owns every path, through the balancer."""
    assert client_below("/shop").get("/shop/metrics").status_code == 404
    through = {"X-Forwarded-For": "203.0.113.7"}
    assert client_below("").get("/metrics", headers=through).status_code == 404
